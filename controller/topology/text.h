// Small text helpers of this folder.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_TEXT_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace waymark {

// `text` in double quotes for a message: at most `max` bytes of it, then "..."; bytes outside
// printable ASCII are escaped unless the whole is valid UTF-8. Safe for any input, however long.
// O(max).
std::string Quote(std::string_view text, size_t max = 64);

// Well-formed UTF-8 without overlong forms or surrogates (RFC 3629). O(n).
bool IsUtf8(std::string_view text);

// True if any byte is a C0 control or DEL.
bool HasControlCharacter(std::string_view text);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_TEXT_H_
