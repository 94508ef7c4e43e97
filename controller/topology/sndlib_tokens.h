// The words of SNDlib's native format, for its networks and for its demands.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_SNDLIB_TOKENS_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_SNDLIB_TOKENS_H_

#include <optional>
#include <string_view>

#include "absl/status/status.h"

namespace waymark {

struct SndlibToken {
  std::string_view text;
  int line = 0;
};

// Parentheses, and words between them and blanks; "#" to the end of a line is a comment. Views into
// the contents.
class SndlibTokens {
 public:
  explicit SndlibTokens(std::string_view contents) : rest_(contents) { Advance(); }

  // An empty text at the end.
  const SndlibToken& Peek() const { return next_; }
  SndlibToken Take() {
    SndlibToken token = next_;
    Advance();
    return token;
  }
  bool TakeIf(std::string_view text) {
    if (next_.text != text) return false;
    Advance();
    return true;
  }

 private:
  void Advance();

  std::string_view rest_;
  int line_ = 1;
  SndlibToken next_;
};

// Of a file that states none: Mbit/s.
inline constexpr double kSndlibUnitBps = 1e6;
// "MBITPERSEC" -> 1e6; nullopt if not known.
std::optional<double> SndlibUnitBps(std::string_view name);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_SNDLIB_TOKENS_H_
