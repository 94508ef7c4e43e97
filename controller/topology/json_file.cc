#include "controller/topology/json_file.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "controller/topology/file_error.h"
#include "controller/topology/topology_builder.h"

namespace waymark {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 64;
constexpr size_t kMaxValues = 8'000'000;

int LineAt(std::string_view contents, size_t offset) {
  const auto end = contents.begin() + static_cast<ptrdiff_t>(std::min(offset, contents.size()));
  return 1 + static_cast<int>(std::count(contents.begin(), end, '\n'));
}

// Before the parser may allocate: hostile nesting and numbers of values cost many times their size.
absl::Status CheckShape(std::string_view file, std::string_view contents) {
  int depth = 0;
  size_t values = 0;
  bool in_string = false;
  for (size_t i = 0; i < contents.size(); ++i) {
    const char c = contents[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
      continue;
    }
    in_string = c == '"';
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c == '{' || c == '[' || c == ',') ++values;
    if (depth > kMaxDepth) {
      return FileError(file, LineAt(contents, i),
                       absl::StrCat("nested deeper than ", kMaxDepth, " levels: flatten it"));
    }
    if (values > kMaxValues) {
      return FileError(file, LineAt(contents, i),
                       absl::StrCat("more than ", kMaxValues, " values: split the file"));
    }
  }
  return absl::OkStatus();
}

// Walks over valid JSON without building it.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // From the beginning of a value to the beginning of the value at `key` in it.
  bool Descend(const std::string& key) {
    SkipBlanks();
    if (At('{')) return ToMember(key);
    if (At('[')) return ToItem(key);
    return false;
  }

  // From the beginning of an array.
  std::vector<int> ItemLines() {
    std::vector<int> lines;
    SkipBlanks();
    if (!At('[')) return lines;
    Step();
    for (SkipBlanks(); !Done() && !At(']'); SkipBlanks()) {
      lines.push_back(line_);
      SkipValue();
      SkipBlanks();
      if (At(',')) Step();
    }
    return lines;
  }

 private:
  bool Done() const { return position_ >= text_.size(); }
  bool At(char c) const { return !Done() && text_[position_] == c; }
  void Step() {
    if (At('\n')) ++line_;
    ++position_;
  }
  void SkipBlanks() {
    while (At(' ') || At('\t') || At('\r') || At('\n')) Step();
  }

  std::string_view SkipString() {
    const size_t begin = ++position_;
    while (!Done() && !At('"')) position_ += At('\\') ? 2 : 1;
    const size_t end = std::min(position_, text_.size());
    ++position_;
    return text_.substr(begin, end - begin);
  }

  void SkipValue() {
    int depth = 0;
    do {
      SkipBlanks();
      if (Done()) return;
      if (At('"')) {
        SkipString();
      } else if (At('{') || At('[')) {
        ++depth;
        Step();
      } else if (At('}') || At(']')) {
        --depth;
        Step();
      } else if (At(',') || At(':')) {
        Step();
      } else {
        while (!Done() &&
               std::string_view(",:]} \t\r\n").find(text_[position_]) == std::string_view::npos)
          Step();
      }
    } while (depth > 0);
  }

  bool ToMember(const std::string& key) {
    Step();
    for (SkipBlanks(); At('"'); SkipBlanks()) {
      const std::string_view name = SkipString();
      SkipBlanks();
      if (At(':')) Step();
      SkipBlanks();
      if (name == key) return true;
      SkipValue();
      SkipBlanks();
      if (At(',')) Step();
    }
    return false;
  }

  bool ToItem(const std::string& index) {
    Step();
    SkipBlanks();
    for (size_t i = 0; !Done() && !At(']'); ++i) {
      if (std::to_string(i) == index) return true;
      SkipValue();
      SkipBlanks();
      if (At(',')) Step();
      SkipBlanks();
    }
    return false;
  }

  std::string_view text_;
  size_t position_ = 0;
  int line_ = 1;
};

}  // namespace

absl::StatusOr<json> ParseJson(std::string_view file, std::string_view contents) {
  if (const absl::Status shape = CheckShape(file, contents); !shape.ok()) return shape;
  try {
    return json::parse(contents);
  } catch (const json::parse_error& error) {
    // The library's text repeats the input around the error, without bound: only the position is
    // taken from it.
    const bool at_end = error.byte > contents.size();
    return FileError(file, LineAt(contents, error.byte > 0 ? error.byte - 1 : 0),
                     at_end ? "not valid JSON: the file ends too early: is it cut off?"
                            : "not valid JSON here: check quotes, commas and brackets");
  } catch (const json::exception&) {
    return FileError(file, 0, "not valid JSON: a number is out of range");
  }
}

std::vector<int> JsonItemLines(std::string_view contents, const std::vector<std::string>& path) {
  Scanner scanner(contents);
  for (const std::string& key : path) {
    if (!scanner.Descend(key)) return {};
  }
  return scanner.ItemLines();
}

const json* Member(const json& value, const char* key) {
  if (!value.is_object()) return nullptr;
  const auto it = value.find(key);
  return it == value.end() ? nullptr : &*it;
}

std::optional<std::string> TextMember(const json& value, const char* key) {
  const json* member = Member(value, key);
  if (member == nullptr) return std::nullopt;
  if (member->is_string()) return member->get<std::string>();
  if (member->is_number()) return member->dump();
  return std::nullopt;
}

std::optional<double> NumberMember(const json& value, const char* key) {
  const json* member = Member(value, key);
  if (member == nullptr) return std::nullopt;
  double number = 0;
  if (member->is_number()) {
    number = member->get<double>();
    return std::isfinite(number) ? std::optional(number) : std::nullopt;
  }
  if (member->is_string() && ParseNumber(member->get_ref<const std::string&>(), &number))
    return number;
  return std::nullopt;
}

}  // namespace waymark
