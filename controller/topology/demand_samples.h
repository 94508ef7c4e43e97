// Small hand-made demand matrices of every format, valid, for one graph of three nodes.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_DEMAND_SAMPLES_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_DEMAND_SAMPLES_H_

#include "controller/topology/demand_file.h"

namespace waymark {

struct DemandSample {
  DemandFormat format;
  const char* path;
  const char* contents;
};

inline DemandGraph SampleDemandGraph() {
  return {.nodes = {{"bern", "Bern"}, {"genf", "Genf"}, {"chur", "Chur"}}, .rate_unit_bps = 1e6};
}

// 2.5 Mbit/s from Bern to Chur, 1 from Chur to Bern, nothing from Bern to Genf.
inline constexpr DemandSample kDemandSamples[] = {
    {DemandFormat::kRepetita, "net.demands", R"(DEMANDS 3
label src dest bw
d0 0 2 2500
d1 2 0 1e3
d2 0 1 0
)"},
    {DemandFormat::kSndlib, "net.txt", R"(?SNDlib native format; type: network; version: 1.0
META (
  granularity = 5min
  unit = KBITPERSEC
)
NODES (
  Bern ( 7.45 46.95 )
)
LINKS (
)
# a comment (
DEMANDS (
  D1 ( Bern Chur ) 2 1250.00 UNLIMITED
  D2 ( Chur Bern ) 1 1000.00 UNLIMITED
  D3 ( Bern Genf ) 1 0.00 UNLIMITED
)
ADMISSIBLE_PATHS (
  D1 ( P1 ( L1 ) )
)
)"},
    {DemandFormat::kTeavar, "demand.txt", R"(0 0 2500 0 0 0 1000.0 0 0
0 7 0 0 0 0 0 0 0
)"},
    {DemandFormat::kTopohub, "hub.json", R"({
"graph": {"name": "3", "demands": {"10": {"12": 2.5, "Genf": 0}, "12": {"10": 1}}},
"nodes": [{"name": "Bern", "id": 10}, {"name": "Genf", "id": 11}, {"name": "Chur", "id": 12}],
"edges": []
})"},
    {DemandFormat::kCsv, "net.csv", R"(src,dst,rate
# by id, by label, by place
bern, Chur, 2.5
2,nodes/bern,1000k
0,1,0
)"},
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_DEMAND_SAMPLES_H_
