#pragma once
/// All subjects of a rule, everything recounted from scratch at every step: what the tasks are held against.

#include "naive_case.h"
#include "naive_model.h"

namespace tocsin::task::naive {

using Told = std::map<std::string, std::vector<std::string>>;  // by subject

/// What `fact` is, by all that has come: nothing if it was taken back; else, of each field, what the last correction
/// by event time says. Corrections themselves are what they are.
inline std::optional<Fact> as_corrected(Fact fact, const std::vector<Fact>& came) {
    std::vector<const Fact*> said;
    for (const Fact& c : came) {
        if (fact.corrects.empty() && c.corrects == fact.id && c.customer == fact.customer) said.push_back(&c);
    }
    std::stable_sort(said.begin(), said.end(), [](const Fact* a, const Fact* b) { return a->time < b->time; });
    for (const Fact* c : said) {
        if (c->kind != "event_reclassified") return std::nullopt;
        if (!c->category.empty()) fact.category = c->category;
        for (const auto& [field, value] : c->fields) {
            if (has_field(fact.kind, field)) fact.fields[field] = value;
        }
    }
    return fact;
}

class Recount {
public:
    explicit Recount(const Case& c) : case_(c), version_(&c.versions[0]) {}

    void read(const Fact& fact) {
        highest_ = std::max(highest_, fact.time);
        clock_ = std::max(clock_, highest_ - Case::kDisorder);
        for (auto& [key, s] : subjects_) s.run(clock_);
        if (fact.time < clock_ - case_.retention || find(came_, fact.id) != nullptr) return;
        came_.push_back(fact);
        const std::optional<Fact> as = as_corrected(fact, came_);
        if (!as) return;  // taken back before it came
        for (auto& [key, s] : subjects_) {
            if (s.known().like().customer == fact.customer) s.run(fact.time);
        }
        standing_.push_back(*as);
        learn();
        const Millis now = now_of(fact.customer);
        for (auto& [key, s] : subjects_) s.hear(now, standing_.back());
        if (!fact.corrects.empty()) correct(fact, now);
    }
    void reload(const Version& version) {
        if (version_ == &version) return;
        const bool others = version.gone || version.rule.by != version_->rule.by;  // nothing is said of these subjects
        version_ = &version;
        if (others) {
            for (auto& [key, s] : subjects_) s.close(now_of(s.known().like().customer));
            subjects_.clear();
        }
        for (auto& [key, s] : subjects_) s.known().obey(version.rule);
        learn();
        for (auto& [key, s] : subjects_) s.review(now_of(s.known().like().customer));
    }
    Told told() {
        for (auto& [key, s] : subjects_) s.run(highest_ + Case::kAfter + 1);
        std::erase_if(told_, [](const auto& entry) { return entry.second.empty(); });
        return told_;
    }

private:
    static const Fact* find(const std::vector<Fact>& facts, const std::string& id) {
        const auto found = std::find_if(facts.begin(), facts.end(), [&](const Fact& f) { return f.id == id; });
        return found == facts.end() ? nullptr : &*found;
    }
    /// When something is judged that has to do with the customer: not before anything that stands.
    [[nodiscard]] Millis now_of(const std::string& customer) const {
        Millis now = clock_;
        for (const Fact& f : standing_) {
            if (f.customer == customer) now = std::max(now, f.time);
        }
        return now;
    }
    /// Tells every subject all that stands.
    void learn() {
        for (auto& [key, s] : subjects_) s.known().forget();
        const Rule& rule = version_->rule;
        for (const Fact& fact : standing_) {
            const auto key = version_->gone ? std::nullopt : rule.subject(fact);
            if (key && rule.counts(fact)) subjects_.try_emplace(*key, rule, fact, told_[*key]);
        }
        for (auto& [key, s] : subjects_) {
            for (const Fact& fact : standing_) s.known().know(fact);
        }
    }
    /// The correction has been heard like any other event: now its own event is another, or never was.
    void correct(const Fact& correction, Millis now) {
        const Fact* about = find(standing_, correction.corrects);
        if (about == nullptr || about->customer != correction.customer || !about->corrects.empty()) return;
        const Fact was = *about;
        const std::optional<Fact> is = as_corrected(*find(came_, was.id), came_);
        std::set<std::string> explained;
        for (auto& [key, s] : subjects_) {
            if (s.explained_by(was, clock_ - case_.retention)) explained.insert(key);
        }
        standing_.clear();
        for (const Fact& fact : came_) {
            if (auto as = as_corrected(fact, came_)) standing_.push_back(*as);
        }
        learn();
        for (auto& [key, s] : subjects_) s.correct(now, was, is, explained.contains(key));
    }

    const Case& case_;
    const Version* version_;
    std::vector<Fact> came_, standing_;  // in order of arrival: as they came, and what they are by now
    Told told_;
    std::map<std::string, Subject> subjects_;
    Millis clock_ = INT64_MIN / 4, highest_ = INT64_MIN / 4;
};

inline Told recounted(const Case& c) {
    Recount recount(c);
    for (std::size_t i = 0; i < c.facts.size(); ++i) {
        recount.read(c.facts[i]);
        recount.reload(c.versions[c.in_force[i]]);
    }
    return recount.told();
}

}  // namespace tocsin::task::naive
