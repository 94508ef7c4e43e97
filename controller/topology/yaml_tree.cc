#include "controller/topology/yaml_tree.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/file_error.h"
#include "controller/topology/text.h"

namespace waymark {
namespace {

constexpr size_t kMaxDepth = 32;
constexpr int64_t kMaxNodes = 4'000'000;
// The parser keeps the tokens of a line until it knows whether it is a key: bounds its memory.
constexpr size_t kMaxLine = size_t{1} << 20;

// Raised inside the parser's callbacks and caught in ParseYaml: the parser offers no other way to
// stop it.
struct Refused {
  int line;
  std::string message;
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  std::shared_ptr<const YamlNode> TakeRoot() { return std::exchange(root_, nullptr); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // At a stray closing bracket the parser gives empty documents for ever without moving on.
    if (mark.pos == document_start_) {
      throw Refused{mark.line + 1, "not valid YAML: a stray bracket or mark"};
    }
    document_start_ = mark.pos;
    root_ = nullptr;
    open_.clear();
    anchors_.clear();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Leaf(Make(YamlNode::Kind::kNull, mark, ""), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto it = anchors_.find(anchor);
    if (it == anchors_.end()) {
      throw Refused{mark.line + 1,
                    "an alias may not be inside of what it names: write the value out"};
    }
    Attach(it->second, mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto node = Make(YamlNode::Kind::kScalar, mark, tag);
    node->scalar = value;
    Leaf(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(Make(YamlNode::Kind::kSequence, mark, tag), mark, anchor);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(Make(YamlNode::Kind::kMap, mark, tag), mark, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct OpenNode {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor;
  };

  static std::shared_ptr<YamlNode> Make(YamlNode::Kind kind, const YAML::Mark& mark,
                                        const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw Refused{mark.line + 1, "the tag " + Quote(tag) + " is not supported: remove it"};
    }
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->line = mark.line + 1;
    return node;
  }

  void Leaf(std::shared_ptr<YamlNode> node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    const YAML::Mark mark = MarkAt(node->line);
    Attach(std::move(node), mark);
  }

  static YAML::Mark MarkAt(int line) {
    YAML::Mark mark;
    mark.line = line - 1;
    return mark;
  }

  void Attach(std::shared_ptr<const YamlNode> node, const YAML::Mark& mark) {
    total_ += node->weight;
    if (total_ > kMaxNodes) {
      throw Refused{mark.line + 1, absl::StrCat("more than ", kMaxNodes,
                                                " values, aliases written out: split the file")};
    }
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    YamlNode& parent = *open_.back().node;
    parent.weight += node->weight;
    parent.items.push_back(std::move(node));
  }

  void Open(std::shared_ptr<YamlNode> node, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= kMaxDepth) {
      throw Refused{mark.line + 1,
                    absl::StrCat("nested deeper than ", kMaxDepth, " levels: flatten it")};
    }
    open_.push_back({std::move(node), anchor});
  }

  void Close() {
    OpenNode closed = std::move(open_.back());
    open_.pop_back();
    if (closed.anchor != YAML::NullAnchor) anchors_[closed.anchor] = closed.node;
    const YAML::Mark mark = MarkAt(closed.node->line);
    // Its children are counted already.
    total_ -= closed.node->weight - 1;
    Attach(std::move(closed.node), mark);
  }

  int document_start_ = -1;
  std::shared_ptr<const YamlNode> root_;
  std::vector<OpenNode> open_;
  absl::flat_hash_map<YAML::anchor_t, std::shared_ptr<const YamlNode>> anchors_;
  int64_t total_ = 0;
};

absl::Status CheckBytes(std::string_view file, std::string_view contents) {
  if (const absl::Status size = CheckFileSize(file, contents.size()); !size.ok()) return size;
  int line = 1;
  for (size_t begin = 0; begin < contents.size(); ++line) {
    const size_t end = std::min(contents.find('\n', begin), contents.size());
    std::string_view text = contents.substr(begin, end - begin);
    begin = end + 1;
    if (text.size() > kMaxLine) {
      return FileError(file, line, "the line is longer than 1 MiB: break it into several");
    }
    if (!IsUtf8(text))
      return FileError(file, line, "the text is not UTF-8: save the file as UTF-8");
    for (const char c : text) {
      if (HasControlCharacter(std::string_view(&c, 1)) && c != '\t' && c != '\r') {
        return FileError(file, line, "contains control characters: is it a YAML text file?");
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::shared_ptr<const YamlNode>>> ParseYaml(std::string_view file,
                                                                       std::string_view contents) {
  if (const absl::Status bytes = CheckBytes(file, contents); !bytes.ok()) return bytes;
  std::vector<std::shared_ptr<const YamlNode>> documents;
  std::istringstream stream{std::string(contents)};
  try {
    TreeBuilder builder;
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
      if (auto root = builder.TakeRoot(); root != nullptr) documents.push_back(std::move(root));
    }
  } catch (const Refused& refused) {
    return FileError(file, refused.line, refused.message);
  } catch (const YAML::Exception& error) {
    return FileError(file, std::max(error.mark.line + 1, 1),
                     absl::StrCat("not valid YAML: ", error.msg.substr(0, 200)));
  }
  return documents;
}

}  // namespace waymark
