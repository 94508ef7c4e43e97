#ifndef WAYMARK_NORTHBOUND_CLI_MESH_GUARANTEES_H_
#define WAYMARK_NORTHBOUND_CLI_MESH_GUARANTEES_H_

#include "northbound/cli/context.h"
#include "waymark/v1/guarantees.pb.h"

namespace waymark::cli {

// What a service is promised, under a heading, for people.
void PrintMeshGuarantee(Context& context, const v1::MeshGuarantee& one);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_MESH_GUARANTEES_H_
