#include "app/campaign.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>

#include "base/times.h"

namespace tocsin::app {
namespace {

using namespace std::chrono_literals;

struct City {
    const char* name;
    const char* name_zh;
    int counties;
};
// Clearly no real places: the province of clouds and its eleven cities.
constexpr std::array<City, 11> kCities{{{"Yunshan", "云山", 6},
                                        {"Qinghe", "清禾", 5},
                                        {"Linyuan", "林原", 5},
                                        {"Baizhou", "白洲", 4},
                                        {"Hongxi", "虹溪", 4},
                                        {"Jinling", "锦岭", 4},
                                        {"Lanwan", "蓝湾", 3},
                                        {"Meigang", "梅岗", 3},
                                        {"Songtai", "松台", 3},
                                        {"Tianchi", "天池", 3},
                                        {"Xingpu", "星浦", 3}}};

std::string code_of(std::size_t city, int county) {
    char text[32];
    std::snprintf(text, sizeof text, "90%02zu%02d", city + 1, county);
    return text;
}

class Story {
public:
    explicit Story(std::uint64_t seed) : random_(seed) {}

    std::vector<DemoRecord> tell() {
        int batch = 0;
        for (std::size_t city = 0; city < kCities.size(); ++city) {
            for (int county = 1; county <= kCities[city].counties; ++county, ++batch)
                suspend_county(city, county, batch);
        }
        trouble();
        std::stable_sort(events_.begin(), events_.end(), [](const Told& a, const Told& b) { return a.at < b.at; });
        std::vector<DemoRecord> records;
        for (Told& told : events_) records.push_back(std::move(told.record));
        return records;
    }

private:
    struct Told {
        Instant at;
        DemoRecord record;
    };

    bool chance(int percent) { return std::uniform_int_distribution<>(0, 99)(random_) < percent; }
    Duration between(Duration least, Duration most) {
        return Duration(std::uniform_int_distribution<std::int64_t>(least.count(), most.count())(random_)) / 1000 *
               1000;
    }

    void tell(Instant at, const std::string& type, const std::string& number, const std::string& area,
              const std::string& more = "") {
        const std::string serial = "D" + std::to_string(++serial_);
        std::string value = "{\"serial\":\"" + serial + "\",\"at\":\"" + format_rfc3339(at) + "\",\"type\":\"" + type +
                            "\",\"number\":\"" + number + "\",\"area\":\"" + area + "\"" + more + "}";
        events_.push_back({at, {number, std::move(value)}});
    }

    void complain(Instant at, const std::string& number, const std::string& area) {
        static constexpr std::array<const char*, 4> kChannels{"hotline", "app", "hall", "web"};
        static constexpr std::array<const char*, 3> kCategories{"suspension", "registration", "service"};
        const auto pick = [&](const auto& list) {
            return std::string(list[std::uniform_int_distribution<std::size_t>(0, list.size() - 1)(random_)]);
        };
        tell(at, "complaint", number, area,
             ",\"channel\":\"" + pick(kChannels) + "\",\"category\":\"" + pick(kCategories) + "\"");
    }

    // One batch: everybody is switched off; most register, some wait too long, a few complain again and again.
    void suspend_county(std::size_t city, int county, int batch) {
        const std::string area = code_of(city, county);
        const Instant start = begin_ + batch * 5h;
        const int people = std::uniform_int_distribution<>(40, 70)(random_);
        for (int i = 0; i < people; ++i) {
            const std::string number = "100" + std::to_string(10'000'000 + ++number_);
            const Instant off = start + between(0s, 2h);
            tell(off, "suspension", number, area,
                 ",\"reason\":\"unregistered\",\"batch\":\"B" + std::to_string(batch) + "\"");
            if (chance(30)) complain(off + between(5min, 20h), number, area);
            if (chance(4)) {
                for (int n = 0; n < 4; ++n) complain(off + n * 20h + between(1min, 10h), number, area);
            }
            if (!chance(75)) continue;
            const Instant registered = off + between(1h, 3 * 24h);
            tell(registered, "registration", number, area, ",\"result\":\"ok\",\"was_suspended\":true");
            const Duration wait = chance(92) ? between(2min, 55min) : between(70min, 26h);
            tell(registered + wait, "reconnection", number, area);
        }
    }

    // The switch of one county fails: nobody is switched on again, and the hotline feels it within the hour.
    void trouble() {
        const std::string area = code_of(4, 2);
        const Instant start = begin_ + 6 * 24h + 90min;
        for (int i = 0; i < 75; ++i) {
            const std::string number = "100" + std::to_string(20'000'000 + ++number_);
            const Instant registered = start - between(1h, 4h);
            tell(registered - between(1h, 20h), "suspension", number, area, ",\"reason\":\"unregistered\"");
            tell(registered, "registration", number, area, ",\"result\":\"ok\",\"was_suspended\":true");
            complain(start + between(0s, 70min), number, area);
            tell(start + 5h + between(0s, 1h), "reconnection", number, area);
        }
    }

    std::mt19937_64 random_;
    const Instant begin_ = *parse_rfc3339("2026-03-02T00:00:00Z");
    std::vector<Told> events_;
    std::uint64_t serial_ = 0, number_ = 0;
};

}  // namespace

std::vector<DemoRecord> campaign(std::uint64_t seed) {
    return Story(seed).tell();
}

std::string campaign_areas() {
    std::string csv = "code,parent,level,name,name_zh,subscribers\n90,,province,Yunling,云岭省,5000000\n";
    for (std::size_t city = 0; city < kCities.size(); ++city) {
        const std::string code = code_of(city, 0).substr(0, 4);
        csv += code + ",90,city," + kCities[city].name + "," + kCities[city].name_zh + "市,\n";
        for (int county = 1; county <= kCities[city].counties; ++county) {
            csv += code_of(city, county) + "," + code + ",county," + kCities[city].name + " " + std::to_string(county) +
                   "," + kCities[city].name_zh + "第" + std::to_string(county) + "县,\n";
        }
    }
    return csv;
}

}  // namespace tocsin::app
