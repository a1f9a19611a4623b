#include "rules/template.h"

#include <algorithm>
#include <charconv>

#include "base/times.h"
#include "rules/token.h"
#include "yaml/diagnostics.h"

namespace tocsin {

/// The text cut into pieces, in order.
class Template::Code {
public:
    struct Piece {
        enum class Kind : std::uint8_t { kText, kMeasure, kLabel };
        Kind kind = Kind::kText;
        std::string text;         ///< kText; kLabel: its name
        std::size_t measure = 0;  ///< kMeasure
    };
    std::vector<Piece> pieces;
};

namespace {

using Piece = Template::Code::Piece;

template <typename Number>
std::string digits(Number number) {
    char buffer[32];
    return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr};
}

std::string printed(const Value& v) {
    switch (v.type) {
        case Value::Type::kMissing:
            return {};
        case Value::Type::kBool:
            return v.boolean ? "true" : "false";
        case Value::Type::kInt:
            return digits(v.integer);
        case Value::Type::kNumber:
            return digits(v.number);
        case Value::Type::kDuration:
            return format_duration(Duration(v.integer));
        case Value::Type::kTime:
            return format_rfc3339(from_millis(v.integer));
        case Value::Type::kString:
            break;
    }
    return std::string(v.string);
}

}  // namespace

std::string Template::render(std::span<const Value> measures, const std::map<std::string, std::string>& labels) const {
    std::string out;
    if (code_ == nullptr) return out;
    for (const Piece& piece : code_->pieces) {
        if (piece.kind == Piece::Kind::kText) {
            out += piece.text;
        } else if (piece.kind == Piece::Kind::kMeasure) {
            if (piece.measure < measures.size()) out += printed(measures[piece.measure]);
        } else if (const auto label = labels.find(piece.text); label != labels.end()) {
            out += label->second;
        }
    }
    return out;
}

namespace rules {
namespace {

constexpr std::string_view kLabels = "$labels.";

class TemplateParser {
public:
    TemplateParser(std::string_view text, const TemplateNames& names, Fault& fault)
        : text_(text), names_(names), fault_(fault) {}

    bool run(std::vector<Piece>& pieces) {
        for (std::size_t at = 0; at < text_.size();) {
            const std::size_t open = text_.find("{{", at);
            if (open != at) pieces.push_back({Piece::Kind::kText, std::string(text_.substr(at, open - at)), 0});
            if (open == std::string_view::npos) return true;
            const std::size_t close = text_.find("}}", open);
            if (close == std::string_view::npos) return fail(open, open + 2, "`{{` is not closed: `}}` is missing");
            if (!read(open + 2, close, pieces)) return false;
            at = close + 2;
        }
        return true;
    }

private:
    bool fail(std::size_t begin, std::size_t end, std::string message) {
        fault_ = {begin, end, std::move(message)};
        return false;
    }

    bool read(std::size_t begin, std::size_t end, std::vector<Piece>& pieces) {
        while (begin < end && text_[begin] == ' ') ++begin;
        while (end > begin && text_[end - 1] == ' ') --end;
        const std::string_view inner = text_.substr(begin, end - begin);
        if (const std::size_t pipe = inner.find('|'); pipe != std::string_view::npos) {
            return fail(begin + pipe, end, std::string(inner.substr(pipe)) + ": not supported yet");
        }
        if (inner.starts_with(kLabels)) return read_label(begin, inner.substr(kLabels.size()), pieces);
        if (inner.empty() || inner[0] != '$' || !is_identifier(inner.substr(1))) {
            return fail(begin, std::max(end, begin + 1),
                        "`{{ " + std::string(inner) +
                            " }}`: not supported yet; there are {{ $measure }}, {{ $value }} and "
                            "{{ $labels.name }}");
        }
        return read_measure(begin, inner.substr(1), pieces);
    }

    bool read_label(std::size_t begin, std::string_view name, std::vector<Piece>& pieces) {
        if (std::find(names_.labels.begin(), names_.labels.end(), name) == names_.labels.end()) {
            return fail(begin, begin + kLabels.size() + name.size(),
                        "unknown label \"" + std::string(name) + "\"" + yaml::did_you_mean(name, names_.labels));
        }
        pieces.push_back({Piece::Kind::kLabel, std::string(name), 0});
        return true;
    }

    bool read_measure(std::size_t begin, std::string_view name, std::vector<Piece>& pieces) {
        std::vector<std::string> known = {"value"};
        for (std::size_t i = 0; i < names_.measures.size(); ++i) {
            known.push_back(names_.measures[i].name);
            if (names_.measures[i].name != name) continue;
            pieces.push_back({Piece::Kind::kMeasure, {}, i});
            return true;
        }
        if (name == "value" && !names_.measures.empty()) {
            pieces.push_back({Piece::Kind::kMeasure, {}, 0});
            return true;
        }
        const std::size_t end = begin + 1 + name.size();
        if (name == "value") return fail(begin, end, "`$value` is the first measure, and the rule has none");
        return fail(begin, end, "unknown measure \"$" + std::string(name) + "\"" + yaml::did_you_mean(name, known));
    }

    std::string_view text_;
    const TemplateNames& names_;
    Fault& fault_;
};

}  // namespace

std::optional<Template> compile_template(std::string_view text, const TemplateNames& names, Fault& fault) {
    if (text.size() > kTemplateBytesMax) {
        fault = {
            0, 1,
            "the template has " + std::to_string(text.size()) + " bytes, at most " + std::to_string(kTemplateBytesMax)};
        return std::nullopt;
    }
    auto code = std::make_shared<Template::Code>();
    if (!TemplateParser(text, names, fault).run(code->pieces)) return std::nullopt;
    return Template(std::move(code));
}

}  // namespace rules
}  // namespace tocsin
