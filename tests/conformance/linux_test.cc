#include "tests/conformance/linux_world.h"
#include "tests/conformance/suite.h"

namespace waymark {
namespace {

INSTANTIATE_TEST_SUITE_P(Linux, DataPlaneConformance,
                         ::testing::Values(WorldFactory{"Kernel", &MakeLinuxWorld}), WorldName);

}  // namespace
}  // namespace waymark
