#include "app/tune_labels.h"

#include <algorithm>
#include <iostream>

#include "base/times.h"
#include "yaml/csv.h"

namespace tocsin::app {
namespace {

enum Column : std::size_t { kStart, kArea, kCustomer, kEnd };
const yaml::CsvColumns kColumns{{"start"}, {"area", "customer", "end"}};

bool within(const AreaTree& areas, AreaId inner, AreaId outer) {
    const std::vector<AreaId>& line = areas.lineage(inner);
    return std::find(line.begin(), line.end(), outer) != line.end();
}

bool same_place(AreaTree& areas, const std::string& one, const std::string& other) {
    if (one == other) return true;
    const AreaId a = areas.resolve(one), b = areas.resolve(other);
    if (a == AreaTree::kUnknown || b == AreaTree::kUnknown) return false;
    return within(areas, a, b) || within(areas, b, a);
}

bool belongs(Past& past, const Incident& incident, const compare::Flag& flag, Duration lead) {
    if (flag.opened_at < incident.start - lead || flag.opened_at > incident.end) return false;
    if (!incident.subject.empty()) return flag.subject == incident.subject;
    return same_place(past.areas, incident.area, flag.area);
}

std::optional<Incident> read_row(const Past& past, const yaml::CsvTable& table, const yaml::CsvRow& row,
                                 yaml::Diagnostics& diagnostics) {
    Incident incident;
    const auto fault = [&](Column column, const std::string& message) {
        diagnostics.error(table.position(row, column), message);
        return std::nullopt;
    };
    const auto start = parse_rfc3339(row.fields[kStart]);
    if (!start) return fault(kStart, "start: expected RFC 3339, for instance 2016-11-07T00:00:00Z");
    incident.start = *start;
    if (!row.fields[kEnd].empty()) {
        const auto end = parse_rfc3339(row.fields[kEnd]);
        if (!end || *end < *start) return fault(kEnd, "end: expected RFC 3339, not before the start");
        incident.end = *end;
    }
    incident.area = row.fields[kArea];
    const std::string& customer = row.fields[kCustomer];
    if (incident.area.empty() == customer.empty())
        return fault(kStart, "an incident is of an area or of a customer: fill one of the two");
    if (!customer.empty()) incident.subject = "customer=" + past.pseudonyms('c', customer);
    return incident;
}

}  // namespace

std::optional<std::vector<Incident>> read_incidents(const Past& past, const std::string& path) {
    yaml::Diagnostics diagnostics;
    std::vector<Incident> incidents;
    if (const auto table = yaml::read_csv(path, kColumns, diagnostics)) {
        for (const yaml::CsvRow& row : table->rows) {
            if (auto incident = read_row(past, *table, row, diagnostics)) incidents.push_back(std::move(*incident));
        }
    }
    std::cerr << diagnostics.text();
    if (diagnostics.has_errors()) return std::nullopt;
    return incidents;
}

Fit fit_of(Past& past, const std::vector<Incident>& incidents, const std::vector<compare::Flag>& flags, Duration lead) {
    Fit fit;
    std::vector<bool> is_right(flags.size());
    std::vector<Duration> leads;
    for (const Incident& incident : incidents) {
        Instant first = kNever;
        for (std::size_t i = 0; i < flags.size(); ++i) {
            if (!belongs(past, incident, flags[i], lead)) continue;
            is_right[i] = true;
            first = std::min(first, flags[i].opened_at);
        }
        if (first == kNever)
            ++fit.missed;
        else
            leads.push_back(incident.start - first);
    }
    fit.caught = leads.size();
    fit.right = static_cast<std::size_t>(std::count(is_right.begin(), is_right.end(), true));
    fit.wrong = flags.size() - fit.right;
    if (!leads.empty()) {
        std::nth_element(leads.begin(), leads.begin() + static_cast<std::ptrdiff_t>(leads.size() / 2), leads.end());
        fit.lead = leads[leads.size() / 2];
    }
    return fit;
}

}  // namespace tocsin::app
