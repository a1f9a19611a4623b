#include "rules/loader.h"

#include <map>
#include <set>

#include "base/calendar.h"
#include "base/digest.h"
#include "rules/rule_reader.h"
#include "rules/text_questions.h"
#include "rules/thresholds.h"
#include "yaml/node.h"
#include "yaml/read.h"

namespace tocsin::rules {
namespace {

std::string beside(const std::string& file, const std::string& name) {
    if (name.starts_with('/')) return name;
    const std::size_t slash = file.rfind('/');
    return slash == std::string::npos ? name : file.substr(0, slash + 1) + name;
}

std::string place_of(const Rule& rule) {
    return rule.file + ":" + std::to_string(rule.line);
}

class Loader {
public:
    Loader(const RuleSources& sources, const EventSchema& schema, const RuleLimits& limits,
           yaml::Diagnostics& diagnostics)
        : sources_(sources), schema_(schema), limits_(limits), diagnostics_(diagnostics) {}

    Result<RuleSet> run() {
        const std::size_t errors_before = diagnostics_.errors();
        for (const RuleFile& file : sources_.files) read_file(file);
        if (diagnostics_.errors() > errors_before) return reject(diagnostics_.summary());
        set_.hash = hex16(hash64(contents_));
        return std::move(set_);
    }

private:
    static std::string hex16(std::uint64_t hash) {
        std::string out(16, '0');
        for (std::size_t i = 16; i-- > 0; hash >>= 4) out[i] = "0123456789abcdef"[hash & 15];
        return out;
    }

    void remember(const std::string& text) { contents_ += std::to_string(text.size()) + ":" + text; }

    void read_file(const RuleFile& file) {
        remember(file.text);
        const auto root = yaml::parse(file.path, file.text, diagnostics_);
        if (!root) return;
        yaml::MapReader map(*root, "rule file", diagnostics_);
        if (const auto groups = map.require("groups")) {
            if (!groups->is_sequence()) map.error("groups", "expected a list, found " + groups->describe());
            std::set<std::string> names;
            for (const yaml::Node& group : groups->items()) read_group(group, file.path, names);
        }
        map.finish();
    }

    void read_group(const yaml::Node& node, const std::string& path, std::set<std::string>& names) {
        yaml::MapReader map(node, "group", diagnostics_);
        if (!node.is_map()) return;
        const auto name = map.require_string("name");
        if (name && !names.insert(*name).second) map.error("name", "a group \"" + *name + "\" is already in this file");
        GroupScope scope{schema_, limits_,        diagnostics_,       path,          name.value_or(""),
                         {},      nullptr,        sources_.calendars, sources_.zone, {},
                         0,       sources_.phases};
        scope.labels = read_labels(map, diagnostics_);
        if (const auto table = map.string("thresholds_file")) scope.thresholds = thresholds(map, beside(path, *table));
        scope.interval = read_interval(map).value_or(Duration::zero());
        scope.limit = read_limit(map).value_or(0);
        const std::size_t rules_before = set_.rules.size();
        if (const auto rules = map.require("rules")) {
            if (!rules->is_sequence()) map.error("rules", "expected a list, found " + rules->describe());
            for (const yaml::Node& rule : rules->items()) read_rule(rule, scope);
        }
        map.finish();
        set_.groups.push_back({scope.group, path, set_.rules.size() - rules_before});
    }

    void read_rule(const yaml::Node& node, const GroupScope& scope) {
        RuleReader reader(node, scope);
        auto rule = reader.read();
        if (!rule) return;
        // Due times are part of what the rules say.
        if (rule->expect && rule->expect->calendar) remember(rule->expect->calendar->canonical());
        auto rollup = reader.take_rollup();
        const auto order = add_with_limit(*std::move(rule), node);
        if (!order || !rollup) return;
        rollup->rolls_up = *order;
        add_with_limit(*std::move(rollup), node);
    }

    /// The rule, and behind it the one that warns of what its `limit` withholds.
    std::optional<std::uint32_t> add_with_limit(Rule rule, const yaml::Node& node) {
        std::optional<Rule> overflow;
        if (rule.limit > 0) overflow = overflow_of(rule, schema_);
        const auto order = add(std::move(rule), node);
        if (!order || !overflow) return order;
        overflow->limits = *order;
        add(*std::move(overflow), node);
        return order;
    }

    /// The rule's order; empty if it cannot be one of the set (then reported at `node`).
    std::optional<std::uint32_t> add(Rule rule, const yaml::Node& node) {
        if (const auto [other, is_new] = places_.emplace(rule.name, place_of(rule)); !is_new) {
            diagnostics_.error(node.find("alert")->position(),
                               "alert: \"" + rule.name + "\" is already defined at " + other->second);
            return std::nullopt;
        }
        if (set_.rules.size() == kRulesMax) {
            diagnostics_.error(node.position(), "more than " + std::to_string(kRulesMax) + " rules");
            return std::nullopt;
        }
        std::set<std::uint64_t> questions = questions_;
        for (const TextQuestion& question : text_questions(rule)) questions.insert(question.hash);
        if (questions.size() > kTextQuestionsMax) {
            diagnostics_.error(node.position(), "all rules together ask more than " +
                                                    std::to_string(kTextQuestionsMax) +
                                                    " different questions about fields of type text: join some with | "
                                                    "in one pattern");
            return std::nullopt;
        }
        questions_ = std::move(questions);
        rule.order = static_cast<std::uint32_t>(set_.rules.size());
        set_.rules.push_back(std::move(rule));
        return set_.rules.back().order;
    }

    /// Files that several groups name are read once. A table that cannot be used is reported, and an empty one lets the
    /// rules be checked all the same.
    std::shared_ptr<const ThresholdTable> thresholds(yaml::MapReader& map, const std::string& path) {
        auto& table = tables_[path];
        if (table != nullptr) return table;
        table = std::make_shared<const ThresholdTable>();
        auto text = sources_.read ? sources_.read(path) : Result<std::string>(reject("no files can be read here"));
        if (!text.ok()) {
            map.error("thresholds_file", text.error().message);
            return table;
        }
        remember(*text);
        if (auto parsed = parse_thresholds(path, std::move(*text), diagnostics_)) {
            table = std::make_shared<const ThresholdTable>(std::move(*parsed));
        }
        return table;
    }

    const RuleSources& sources_;
    const EventSchema& schema_;
    const RuleLimits& limits_;
    yaml::Diagnostics& diagnostics_;
    RuleSet set_;
    std::string contents_;
    std::map<std::string, std::string> places_;  // rule name -> file:line
    std::map<std::string, std::shared_ptr<const ThresholdTable>> tables_;
    std::set<std::uint64_t> questions_;  // about fields of type text
};

}  // namespace

Result<RuleSet> load_rules(const RuleSources& sources, const EventSchema& schema, const RuleLimits& limits,
                           yaml::Diagnostics& diagnostics) {
    return Loader(sources, schema, limits, diagnostics).run();
}

}  // namespace tocsin::rules
