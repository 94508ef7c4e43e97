// A paced stream of numbered frames between two namespaces, and what became of them.
#ifndef WAYMARK_TESTS_LAB_STREAM_H_
#define WAYMARK_TESTS_LAB_STREAM_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/lab/world.h"

namespace waymark::lab {

// 1,000 frames a second on eth0 of `from_netns`. See World::Stream.
absl::StatusOr<StreamResult> RunStream(const std::string& from_netns, const std::string& to_netns,
                                       const LabHost& from, const LabHost& to, const Mark& mark,
                                       absl::Duration duration,
                                       const std::function<absl::Status()>& meanwhile);

}  // namespace waymark::lab

#endif  // WAYMARK_TESTS_LAB_STREAM_H_
