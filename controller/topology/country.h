#ifndef WAYMARK_CONTROLLER_TOPOLOGY_COUNTRY_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_COUNTRY_H_

#include <string_view>

namespace waymark {

// The ISO 3166-1 alpha-2 code of a country's usual English name ("Switzerland", "USA") in any case,
// or of a code; empty if it isn't known for sure.
std::string_view CountryCode(std::string_view name);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_COUNTRY_H_
