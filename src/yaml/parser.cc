#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <unordered_map>

#include "yaml/document.h"
#include "yaml/scalar_map.h"
#include "yaml/source.h"

namespace tocsin::yaml {

namespace {

constexpr std::string_view kCoreTag = "tag:yaml.org,2002:";

/// What the parser says of its grammar, as what an author can do about it. Beginning of its words, and ours.
struct Wording {
    std::string_view theirs, ours;
};
constexpr std::array<Wording, 13> kWordings = {{
    {"unknown token", "no value begins like this; put it into quotes"},
    {"end of map flow not found", "this { is not closed, or a value in it holds `: ` or `, `: put that into quotes"},
    {"end of sequence flow not found", "this [ is not closed: ] is missing"},
    {"end of map not found", "this does not fit what stands above it: is it indented as far as its neighbours?"},
    {"end of sequence not found", "this does not fit the list above it: is it indented as far as its neighbours?"},
    {"illegal map value", "a colon where none can stand: put the text into quotes, or begin a new line for the key"},
    {"illegal block entry", "a list cannot begin here: begin a new line for it"},
    {"illegal flow end", "nothing is open that this could close"},
    {"illegal EOF in scalar", "this quote is never closed"},
    {"illegal character in scalar", "this cannot stand in text without quotes; put it into quotes"},
    {"the referenced anchor is not defined",
     "no anchor (&name) of this name stands above; * begins an alias: for text, use quotes"},
    {"unknown escape character", "unknown escape; write \\\\ for a backslash, or use single quotes"},
    {"bad file", "the file ends in the middle of something"},
}};

std::string in_our_words(const std::string& theirs) {
    for (const Wording& wording : kWordings) {
        if (theirs.starts_with(wording.theirs)) return std::string(wording.ours);
    }
    return theirs;
}

/// Makes nodes of the parser's events and refuses what strict documents may not have.
///
/// yaml-cpp cannot be stopped in the middle; after a fault that makes the rest meaningless the builder turns deaf
/// instead.
class Builder : public YAML::EventHandler {
public:
    Builder(const std::string& file, std::string_view text, Diagnostics& diagnostics)
        : file_(file), lines_(text), diagnostics_(diagnostics) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (documents_++ == 0) return;
        const std::string_view written = lines_.from(mark.line + 1, static_cast<std::size_t>(mark.column)).substr(0, 1);
        const bool is_stray = written == "," || written == "]" || written == "}";
        stop(mark, is_stray ? "`" + std::string(written) + "` belongs into a list or map in brackets, and none is open"
                            : "a second document begins here; a file holds one");
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (!deaf_) complete(add(Kind::kNull, mark, anchor));
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (deaf_) return;
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) return stop(mark, "this alias stands inside what it names");
        if (frames_.size() + nodes_[found->second].height > kDepthMax) return stop(mark, too_deep());
        complete(found->second);
        if (!frames_.empty() && nodes_[frames_.back().node].weight > kNodesMax) stop(mark, too_many());
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        if (deaf_) return;
        const bool is_core = tag.compare(0, kCoreTag.size(), kCoreTag) == 0;
        const std::string name = is_core ? tag.substr(kCoreTag.size()) : "";
        const bool is_known = name == "str" || name == "int" || name == "float" || name == "bool" || name == "null";
        if (tag != "?" && tag != "!" && !tag.empty() && !is_known) return refuse_tag(mark, tag);
        if (tag == "!" && is_open_quote(mark)) return stop(mark, "this quote is never closed");
        if (!is_text(value)) return stop(mark, "an escape makes a control character or invalid text; remove it");
        const NodeIndex index = add(name == "null" ? Kind::kNull : Kind::kScalar, mark, 0);
        nodes_[index].quoted = tag == "!" || name == "str";
        if (name != "null") nodes_[index].text = value;
        remember(anchor, index);
        complete(index);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(Kind::kSequence, mark, tag, anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(Kind::kMap, mark, tag, anchor);
    }
    void OnMapEnd() override { close(); }

    void fault(const YAML::Mark& mark, std::string message) {
        diagnostics_.error(position(mark), std::move(message));
        refused_ = true;
    }

    /// What can be said only once the parser found no fault of its own, which would explain it better.
    void finish() {
        if (!key_alone_) return;
        const NodeData& key = nodes_[*key_alone_];
        fault(mark_of(key), "the key " + quote(key.text) + " has no colon");
    }

    [[nodiscard]] bool refused() const { return refused_; }
    [[nodiscard]] int documents() const { return documents_; }
    [[nodiscard]] std::vector<NodeData> take() {
        if (nodes_.empty()) nodes_.emplace_back();
        return std::move(nodes_);
    }
    [[nodiscard]] NodeIndex root() const { return root_; }

private:
    /// A container that has begun. For maps: the key that waits for its value, and where each key stands.
    struct Frame {
        NodeIndex node = 0;
        YAML::anchor_t anchor = 0;
        std::optional<NodeIndex> key;
        std::unordered_map<std::string, int> lines;
    };

    Position position(const YAML::Mark& mark) const {
        if (mark.is_null()) return {file_, 1, 1};
        const std::string_view line = lines_.line(mark.line + 1);
        const auto bytes = std::min(static_cast<std::size_t>(std::max(0, mark.column)), line.size());
        return {file_, mark.line + 1, characters(line.substr(0, bytes)) + 1};
    }

    void stop(const YAML::Mark& mark, std::string message) {
        if (!deaf_) fault(mark, std::move(message));
        deaf_ = true;
    }

    static std::string too_deep() { return "nested deeper than " + std::to_string(kDepthMax) + " levels"; }
    static std::string too_many() {
        return "more than " + std::to_string(kNodesMax) + " values, aliases counted as what they stand for";
    }

    void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        stop(mark, "the tag " + quote(tag) + " is not allowed; remove it");
    }

    NodeIndex add(Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
        const auto index = static_cast<NodeIndex>(nodes_.size());
        NodeData& data = nodes_.emplace_back();
        data.kind = kind;
        data.line = std::max(0, mark.line) + 1;
        data.byte = std::max(0, mark.column);
        remember(anchor, index);
        if (nodes_.size() > kNodesMax) stop(mark, too_many());
        return index;
    }

    void remember(YAML::anchor_t anchor, NodeIndex index) {
        if (anchor != 0) anchors_[anchor] = index;
    }

    void open(Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        if (deaf_) return;
        const std::string_view own = kind == Kind::kMap ? "map" : "seq";
        const bool is_own = tag.compare(0, kCoreTag.size(), kCoreTag) == 0 && tag.substr(kCoreTag.size()) == own;
        if (tag != "?" && tag != "!" && !tag.empty() && !is_own) return refuse_tag(mark, tag);
        if (frames_.size() >= kDepthMax) return stop(mark, too_deep());
        frames_.push_back({add(kind, mark, 0), anchor, {}, {}});
    }

    void close() {
        if (deaf_) return;
        const Frame frame = std::move(frames_.back());
        frames_.pop_back();
        nodes_[frame.node].height += 1;
        remember(frame.anchor, frame.node);
        complete(frame.node);
    }

    /// Puts a finished node where it belongs.
    void complete(NodeIndex index) {
        if (frames_.empty()) {
            root_ = index;
            return;
        }
        Frame& frame = frames_.back();
        NodeData& parent = nodes_[frame.node];
        parent.height = std::max(parent.height, nodes_[index].height);
        parent.weight =
            static_cast<std::uint32_t>(std::min<std::size_t>(parent.weight + nodes_[index].weight, kNodesMax + 1));
        if (parent.kind == Kind::kSequence)
            parent.items.push_back(index);
        else if (frame.key) {
            check_pair(*frame.key, index);
            parent.entries.emplace_back(*frame.key, index);
            frame.key.reset();
        } else {
            check_key(frame, index);
            frame.key = index;
        }
    }

    void check_key(Frame& frame, NodeIndex index) {
        const NodeData& key = nodes_[index];
        const YAML::Mark mark = mark_of(key);
        if (key.kind != Kind::kScalar) {
            const bool is_template = lines_.from(key.line, 0).find("{{") != std::string_view::npos;
            return stop(mark, is_template ? "text that begins with {{ needs quotes around all of it"
                                          : "a key must be a word or a string");
        }
        if (key.text == "<<" && !key.quoted)
            return stop(mark, "merge keys (<<) are not supported; write the entries out");
        const auto [first, is_new] = frame.lines.emplace(key.text, key.line);
        if (!is_new)
            fault(mark, "duplicate key " + quote(key.text) + " (first on line " + std::to_string(first->second) + ")");
    }

    /// yaml-cpp takes a last line `key` without a colon as a key without a value; and it says that a value that is not
    /// there stands where the next word begins, which would send the reader to the wrong line.
    void check_pair(NodeIndex key, NodeIndex value) {
        NodeData& data = nodes_[value];
        const NodeData& name = nodes_[key];
        if (data.kind != Kind::kNull) return;
        const bool is_behind = std::pair(data.line, data.byte) > std::pair(name.line, name.byte);
        if (value > key && !is_behind && !has_colon(name)) {
            if (!key_alone_.has_value()) key_alone_ = key;
            return;
        }
        const std::string_view written = lines_.from(data.line, static_cast<std::size_t>(data.byte)).substr(0, 1);
        if (written == "~" || written == "n" || written == "N" || written == "!" || written == "&") return;
        data.line = name.line;
        data.byte = name.byte;
    }

    bool has_colon(const NodeData& key) const {
        const std::string_view written = lines_.from(key.line, static_cast<std::size_t>(key.byte));
        const std::string_view behind = written.substr(scalar_bytes(written, key.text));
        const std::size_t next = behind.find_first_not_of(' ');
        return next != std::string_view::npos && behind[next] == ':';
    }

    /// yaml-cpp closes a quote at the end of the file by itself.
    bool is_open_quote(const YAML::Mark& mark) const {
        const std::string_view written = lines_.from(mark.line + 1, static_cast<std::size_t>(mark.column));
        const bool is_quoted = !written.empty() && (written[0] == '"' || written[0] == '\'');
        return is_quoted && !closing_quote(written);
    }

    static YAML::Mark mark_of(const NodeData& data) {
        YAML::Mark mark;
        mark.line = data.line - 1;
        mark.column = data.byte;
        return mark;
    }

    const std::string& file_;
    Lines lines_;
    Diagnostics& diagnostics_;
    std::vector<NodeData> nodes_;
    std::vector<Frame> frames_;
    std::unordered_map<YAML::anchor_t, NodeIndex> anchors_;
    std::optional<NodeIndex> key_alone_;  // the first
    NodeIndex root_ = 0;
    int documents_ = 0;
    bool deaf_ = false;
    bool refused_ = false;
};

}  // namespace

std::optional<Node> parse(const std::string& file, std::string text, Diagnostics& diagnostics) {
    const auto source = std::make_shared<const std::string>(std::move(text));
    diagnostics.add_source(file, source);
    const std::string_view body = without_mark(*source);
    if (!check_text(file, body, kFileBytesMax, Indentation::kNoTabs, diagnostics)) return std::nullopt;
    Builder builder(file, body, diagnostics);
    try {
        std::istringstream stream{std::string(body)};
        YAML::Parser parser(stream);
        // The second one is refused, and none is read behind it: yaml-cpp never gets past a stray `,` and makes
        // documents of it for ever.
        while (builder.documents() < 2 && parser.HandleNextDocument(builder)) {
        }
        builder.finish();
    } catch (const YAML::Exception& error) {
        // Once the builder has turned deaf, what the parser stumbles over is of its own making.
        if (!builder.refused()) builder.fault(error.mark, in_our_words(error.msg));
    } catch (const std::exception& error) {
        builder.fault(YAML::Mark::null_mark(), error.what());
    }
    if (builder.refused()) return std::nullopt;
    const NodeIndex root = builder.root();
    return Document::handle(std::make_shared<const Document>(file, source, builder.take()), root);
}

std::optional<Node> parse_file(const std::string& path, Diagnostics& diagnostics) {
    auto text = read_text(path, kFileBytesMax, diagnostics);
    if (!text) return std::nullopt;
    return parse(path, *std::move(text), diagnostics);
}

}  // namespace tocsin::yaml
