#ifndef WAYMARK_CONTROLLER_TOPOLOGY_LINE_READER_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_LINE_READER_H_

#include <string_view>
#include <vector>

namespace waymark {

// A text file's lines as words separated by blanks. Views into the contents.
class LineReader {
 public:
  explicit LineReader(std::string_view contents) : rest_(contents) {}

  // Goes to the next line that has a word; false at the end.
  bool Next();
  // Of the current line; words() of a line over 1,000 words hold the first 1,000.
  int line() const { return line_; }
  const std::vector<std::string_view>& words() const { return words_; }
  // From word `first` to word `last`, both included, with what is between them.
  std::string_view Span(size_t first, size_t last) const;

 private:
  std::string_view rest_;
  int line_ = 0;
  std::vector<std::string_view> words_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_LINE_READER_H_
