#pragma once
/// The load of the benchmark: an invented campaign in a country of 31 provinces, 341 cities and 2,728 counties, in
/// event-time order. The same options give the same bytes. Everybody in it is fictitious.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "base/times.h"

namespace tocsin::bench {

enum class Draw : std::uint8_t {
    kZipf,  ///< customer of rank r is drawn in proportion to r^-0.99: a few who never stop, very many who call once
    kEven,  ///< by lot, everybody as likely as everybody else
    kEach,  ///< everybody in turn
};

enum class Mix : std::uint8_t {
    kCampaign,  ///< as the demonstration's: 35 % suspensions, 15 % complaints, 25 % registrations and what follows them
    kComplaints,  ///< 70 % complaints, 10 % registrations and what follows them, 10 % of what no rule listens to
};

struct LoadOptions {
    std::uint64_t events = 2'000'000;
    std::uint64_t customers = 1'000'000;
    Draw draw = Draw::kZipf;
    Mix mix = Mix::kComplaints;
    Instant begin = from_millis(1'709'251'200'000);  // 2024-03-01T00:00:00Z
    Duration span = std::chrono::days(30);
    std::uint64_t first = 0;  ///< number of the first event: goes into ids
    std::uint64_t seed = 1;
};

class Zipf {
public:
    static constexpr double kExponent = 0.99;
    explicit Zipf(std::uint64_t n) : upto_(n) {
        double sum = 0;
        for (std::uint64_t i = 0; i < n; ++i) upto_[i] = sum += std::pow(static_cast<double>(i + 1), -kExponent);
    }
    /// The rank, from 0, for a chance in [0, 1).
    std::uint64_t operator()(double chance) const {
        const auto at = std::upper_bound(upto_.begin(), upto_.end(), chance * upto_.back());
        return std::min<std::uint64_t>(static_cast<std::uint64_t>(at - upto_.begin()), upto_.size() - 1);
    }

private:
    std::vector<double> upto_;  // the first i + 1 weights, added up
};

struct LoadEvent {
    std::string customer, area, value;
};

/// Whoever registers is nearly always reconnected within the hour.
class Load {
public:
    explicit Load(const LoadOptions& options)
        : options_(options), random_(options.seed), zipf_(options.draw == Draw::kZipf ? options.customers : 1) {}

    /// False: that was all.
    bool next(LoadEvent& out) {
        if (made_ == options_.events) return false;
        const double share = static_cast<double>(made_) / static_cast<double>(options_.events);
        const Instant time =
            options_.begin + Duration(static_cast<std::int64_t>(share * static_cast<double>(options_.span.count())));
        std::string kind = "reconnection", more;
        std::uint64_t customer = 0;
        if (!waiting_.empty() && waiting_.front().due <= time) {
            customer = waiting_.front().customer;
            waiting_.pop_front();
        } else {
            customer = draw();
            describe(customer, time, kind, more);
        }
        write(customer, time, kind, more, out);
        ++made_;
        return true;
    }

private:
    struct Waiting {
        Instant due;
        std::uint64_t customer;
    };

    static std::uint64_t scramble(std::uint64_t x) {  // splitmix64
        x += 0x9e3779b97f4a7c15;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }
    std::uint64_t below(std::uint64_t n) { return random_() % n; }
    std::uint64_t draw() {
        if (options_.draw == Draw::kEach) return turn_++ % options_.customers;
        if (options_.draw == Draw::kEven) return below(options_.customers);
        return zipf_(std::uniform_real_distribution<>(0, 1)(random_));
    }

    void describe(std::uint64_t customer, Instant time, std::string& kind, std::string& more) {
        static constexpr unsigned kShares[][4] = {{35, 15, 25, 0},
                                                  {0, 70, 10, 10}};  // by Mix: in the order of the cases
        const auto& shares = kShares[static_cast<std::size_t>(options_.mix)];
        std::uint64_t chance = below(shares[0] + shares[1] + shares[2] + shares[3]);
        std::size_t which = 0;
        while (chance >= shares[which]) chance -= shares[which++];
        switch (which) {
            case 0:
                kind = "suspension";
                more = ",\"reason\":\"unregistered\",\"batch\":\"B" + std::to_string(made_ / 10'000) + "\"";
                break;
            case 1:
                complain(kind, more);
                break;
            case 2:
                kind = "registration";
                more = ",\"result\":\"ok\",\"was_suspended\":true,\"channel\":\"hall\"";
                // In time order because everybody waits equally long; one in fifty is forgotten.
                if (below(50) != 0) waiting_.push_back({time + std::chrono::minutes(40), customer});
                break;
            default:
                kind = "hotline_rating";
                more = ",\"score\":" + std::to_string(1 + below(5));
        }
    }

    void complain(std::string& kind, std::string& more) {
        static constexpr const char* kChannels[] = {"hotline", "hotline", "app", "web", "hall"};
        static constexpr const char* kCategories[] = {"suspension", "registration", "service", "billing"};
        static constexpr const char* kTexts[] = {"switched off without notice", "registered and still cut off",
                                                 "nobody calls me back", "the hall sent me away again"};
        kind = "complaint";
        more = std::string(",\"channel\":\"") + kChannels[below(5)] + "\",\"category\":\"" + kCategories[below(4)] +
               "\",\"case_no\":\"C-" + std::to_string(10'000'000 + made_) + "\",\"text\":\"" + kTexts[below(4)] + "\"";
        if (below(500) == 0) more += ",\"escalated_to_regulator\":true";
    }

    void write(std::uint64_t customer, Instant time, const std::string& kind, const std::string& more,
               LoadEvent& out) const {
        const std::uint64_t home = scramble(customer);
        char area[64];
        std::snprintf(area, sizeof area, "Province-%02d/City-%02d/County-%d", static_cast<int>(home % 31),
                      static_cast<int>(home / 31 % 11), static_cast<int>(home / 341 % 8));
        out.area = area;
        // Ranks must not be neighbours by number.
        out.customer = "100" + std::to_string(10'000'000 + customer * 7'654'321 % 89'999'999);
        out.value = "{\"id\":\"E" + std::to_string(100'000'000 + options_.first + made_) + "\",\"ts\":\"" +
                    format_rfc3339(time) + "\",\"type\":\"" + kind + "\",\"customer\":\"" + out.customer +
                    "\",\"region\":\"" + out.area + "\"" + more + "}";
    }

    LoadOptions options_;
    std::mt19937_64 random_;
    Zipf zipf_;
    std::deque<Waiting> waiting_;
    std::uint64_t made_ = 0, turn_ = 0;
};

}  // namespace tocsin::bench
