#include "tests/conformance/sim_world.h"
#include "tests/conformance/suite.h"

namespace waymark {
namespace {

INSTANTIATE_TEST_SUITE_P(Sim, DataPlaneConformance,
                         ::testing::Values(WorldFactory{"InProcess", &MakeSimWorld},
                                           WorldFactory{"Remote", &MakeRemoteSimWorld}),
                         WorldName);

}  // namespace
}  // namespace waymark
