#include "controller/topology/line_reader.h"

#include <algorithm>

namespace waymark {
namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";
constexpr size_t kMaxWords = 1000;

}  // namespace

bool LineReader::Next() {
  words_.clear();
  while (words_.empty()) {
    if (rest_.empty()) return false;
    const size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++line_;
    while (words_.size() < kMaxWords) {
      const size_t begin = text.find_first_not_of(kBlanks);
      if (begin == std::string_view::npos) break;
      text.remove_prefix(begin);
      const size_t length = std::min(text.find_first_of(kBlanks), text.size());
      words_.push_back(text.substr(0, length));
      text.remove_prefix(length);
    }
  }
  return true;
}

std::string_view LineReader::Span(size_t first, size_t last) const {
  const char* begin = words_[first].data();
  return {begin, static_cast<size_t>(words_[last].data() + words_[last].size() - begin)};
}

}  // namespace waymark
