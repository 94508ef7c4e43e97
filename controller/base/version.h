#ifndef WAYMARK_CONTROLLER_BASE_VERSION_H_
#define WAYMARK_CONTROLLER_BASE_VERSION_H_

#include <string_view>

namespace waymark {

// Of every program of this tree.
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_BASE_VERSION_H_
