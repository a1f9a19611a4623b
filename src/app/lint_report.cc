#include "app/lint_report.h"

#include <nlohmann/json.hpp>

#include "lint/lint.h"

namespace tocsin::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kPage = "docs/checking_rules.md#";

/// Bytes that are no UTF-8 become U+FFFD instead of ending the output.
std::string dumped(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Of a command's text and, with more to escape, of its properties.
std::string escaped(const std::string& text, bool property) {
    std::string out;
    for (const char c : text) {
        if (c == '%')
            out += "%25";
        else if (c == '\r')
            out += "%0D";
        else if (c == '\n')
            out += "%0A";
        else if (property && c == ':')
            out += "%3A";
        else if (property && c == ',')
            out += "%2C";
        else
            out.push_back(c);
    }
    return out;
}

}  // namespace

std::string remarks_as_text(const std::vector<Remark>& remarks,
                            const std::map<std::string, std::string, std::less<>>& sources) {
    std::string out;
    for (std::size_t begin = 0; begin < remarks.size();) {
        // By file: what is kept for messages is limited.
        yaml::Diagnostics diagnostics;
        const std::string& file = remarks[begin].position.file;
        if (const auto source = sources.find(file); source != sources.end())
            diagnostics.add_source(file, std::make_shared<const std::string>(source->second));
        std::size_t end = begin;
        for (; end < remarks.size() && remarks[end].position.file == file; ++end) {
            const Remark& remark = remarks[end];
            if (remark.is_error())
                diagnostics.error(remark.position, remark.message);
            else
                diagnostics.warning(remark.position, remark.check + ": " + remark.message);
        }
        out += diagnostics.text();
        begin = end;
    }
    return out;
}

std::string remarks_as_json(const std::vector<Remark>& remarks) {
    Json out = Json::array();
    for (const Remark& r : remarks) {
        Json entry = {{"file", r.position.file},
                      {"line", r.position.line},
                      {"column", r.position.col},
                      {"severity", r.is_error() ? "error" : "warning"}};
        entry["check"] = r.is_error() ? Json(nullptr) : Json(r.check);
        entry["message"] = r.message;
        out.push_back(std::move(entry));
    }
    return dumped(out);
}

std::string remarks_for_github(const std::vector<Remark>& remarks) {
    std::string out;
    for (const Remark& r : remarks) {
        out += std::string(r.is_error() ? "::error" : "::warning") + " file=" + escaped(r.position.file, true);
        if (r.position.line > 0)
            out += ",line=" + std::to_string(r.position.line) + ",col=" + std::to_string(r.position.col);
        out += ",title=" + (r.is_error() ? "tocsin" : r.check) + "::" + escaped(r.message, false) + "\n";
    }
    return out;
}

std::string remarks_as_sarif(const std::vector<Remark>& remarks) {
    Json rules = Json::array({{{"id", "error"}, {"shortDescription", {{"text", "A file that does not load."}}}}});
    for (const lint::Check& check : lint::checks()) {
        rules.push_back({{"id", check.name},
                         {"shortDescription", {{"text", check.about}}},
                         {"help", {{"text", kPage + std::string(check.name)}}}});
    }
    Json results = Json::array();
    for (const Remark& r : remarks) {
        Json physical = {{"artifactLocation", {{"uri", r.position.file}}}};
        if (r.position.line > 0) physical["region"] = {{"startLine", r.position.line}, {"startColumn", r.position.col}};
        Json place = {{"physicalLocation", std::move(physical)}};
        results.push_back({{"ruleId", r.is_error() ? "error" : r.check},
                           {"level", r.is_error() ? "error" : "warning"},
                           {"message", {{"text", r.message}}},
                           {"locations", Json::array({std::move(place)})}});
    }
    const Json driver = {{"name", "tocsin"}, {"version", TOCSIN_VERSION}, {"rules", std::move(rules)}};
    const Json run = {
        {"tool", {{"driver", driver}}}, {"columnKind", "unicodeCodePoints"}, {"results", std::move(results)}};
    return dumped({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                   {"version", "2.1.0"},
                   {"runs", Json::array({run})}});
}

}  // namespace tocsin::app
