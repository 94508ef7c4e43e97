// Small hand-made files of every format, valid, for tests.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_IMPORT_SAMPLES_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_IMPORT_SAMPLES_H_

#include "controller/topology/import.h"

namespace waymark {

struct Sample {
  TopologyFormat format;
  const char* path;
  const char* contents;
};

inline constexpr Sample kSamples[] = {
    {TopologyFormat::kYaml, "net.yaml", R"(nodes:
  - {name: zrh, jurisdiction: CH, latitude: 47.4, longitude: 8.5, ports: [{id: c1, capacity_bps: 10G}]}
  - name: fra
    srlgs: [duct]
links:
  - {source: zrh, target: fra, both_ways: true, capacity_bps: 100G, delay_ns: 3.2ms, srlgs: &s [duct]}
  - {name: x, source: fra, target: zrh, capacity_bps: 10M, cost: 2.5, srlgs: *s}
srlgs:
  - {name: duct, type: duct}
)"},
    {TopologyFormat::kRepetita, "net.graph", R"(NODES 3
label x y
0_Z%C3%BCrich 8.5 47.4
New_York -74.0 40.7
New_York -74.1 40.8

EDGES 4
label src dest weight bw delay
edge_0 0 1 10 1000000 32000
edge_1 1 0 20 2000000 32000
edge_2 0 1 10 1544 0
edge_3 1 2 0 10000000 4.5
)"},
    {TopologyFormat::kGraphml, "net.graphml", R"(<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key attr.name="label" attr.type="string" for="node" id="d0" />
  <key attr.name="Country" attr.type="string" for="node" id="d1" />
  <key attr.name="Latitude" attr.type="double" for="node" id="d2" />
  <key attr.name="Longitude" attr.type="double" for="node" id="d3" />
  <key attr.name="LinkSpeedRaw" attr.type="double" for="edge" id="d4" />
  <key attr.name="LinkLabel" attr.type="string" for="edge" id="d5" />
  <key attr.name="LinkSpeed" attr.type="string" for="edge" id="d6" />
  <key attr.name="LinkSpeedUnits" attr.type="string" for="edge" id="d7" />
  <graph edgedefault="undirected">
    <node id="0">
      <data key="d0">Zürich</data>
      <data key="d1">Switzerland</data>
      <data key="d2">47.37</data>
      <data key="d3">8.54</data>
    </node>
    <node id="1">
      <data key="d0">Zürich</data>
      <data key="d1">Atlantis</data>
    </node>
    <node id="7">
      <data key="d0">London</data>
      <data key="d1">united kingdom</data>
      <data key="d2">51.51</data>
      <data key="d3">-0.13</data>
    </node>
    <node id="8" />
    <edge source="0" target="7">
      <data key="d4">2500000000.0</data>
    </edge>
    <edge source="0" target="7">
      <data key="d5">&lt; 155 Mbps</data>
    </edge>
    <edge source="1" target="8">
      <data key="d6">45</data>
      <data key="d7">M</data>
    </edge>
    <edge source="8" target="8" />
    <edge source="8" target="0" />
  </graph>
</graphml>
)"},
    {TopologyFormat::kSndlib, "net.txt", R"(?SNDlib native format; type: network; version: 1.0
# a comment ( with a parenthesis
META (
  granularity = 5min
  unit = GBITPERSEC
)
NODES (
  Bern ( 7.45 46.95 )
  Genf ( 6.14 46.20 )
  Chur
)
LINKS (
  L1 ( Bern Genf ) 2.5 0.00 1.00 0.00 ( 40.00 133.00 )
  L2 ( Genf Chur ) 0.00 0.00 0.00 0.00 ( 10.00 1.00 40.00 3.00 )
  L3 ( Chur Bern ) 0.00 0.00 0.00 0.00 ( )
)
DEMANDS (
  D1 ( Bern Chur ) 1 5.00 UNLIMITED
)
)"},
    {TopologyFormat::kTopohub, "hub.json", R"({
"directed": false,
"multigraph": false,
"graph": {"name": "3", "stats": {"nodes": 3}},
"nodes": [
{"name": "R0", "pos": [145.67, 454.93], "id": 0},
{"name": "R1", "pos": [770.78, 705.51], "id": 1},
{"name": "R \"2\" ]", "pos": [1.5, 2.5], "id": 2}
],
"edges": [
{"dist": 100.0, "ecmp_fwd": {"uni": 13.53}, "source": 0, "target": 1},
{"dist": 65.52, "source": 1, "target": 2}
]
})"},
    {TopologyFormat::kMetaopt, "swan.json", R"({
    "directed": true,
    "multigraph": false,
    "graph": {},
    "nodes": [{"id": 0}, {"id": 1}, {"id": "two"}],
    "links": [
      {"capacity": 5000, "source": 0, "target": 1},
      {"capacity": 5000, "source": 1, "target": 0},
      {"capacity": 2500.5, "source": 1, "target": "two"}
    ]
}
)"},
    {TopologyFormat::kTeavar, "topology.txt", R"(to_node   from_node   capacity   prob_failure
1           2          5000000           .004
2           1          5000000           .004
3           1          1200000           0
)"},
    {TopologyFormat::kRfc8345, "rfc.json", R"({
  "ietf-network:networks": {
    "network": [
      {
        "network-id": "l3",
        "network-types": {"ietf-l3-unicast-topology:l3-unicast-topology": {}},
        "node": [
          {"node-id": "urn:node:D1",
           "ietf-l3-unicast-topology:l3-node-attributes": {"name": "Dallas 1"},
           "ietf-network-topology:termination-point": [{"tp-id": "1-0-1"}]},
          {"node-id": "d2"}
        ],
        "ietf-network-topology:link": [
          {"link-id": "D1,1-0-1,D2",
           "source": {"source-node": "urn:node:D1", "source-tp": "1-0-1"},
           "destination": {"dest-node": "d2"},
           "ietf-l3-unicast-topology:l3-link-attributes": {"metric1": "100"}},
          {"link-id": "back",
           "source": {"source-node": "d2"},
           "destination": {"dest-node": "urn:node:D1"},
           "ietf-te-topology:te": {"te-link-attributes": {
             "max-link-bandwidth": {"te-bandwidth": {"generic": "0x1p30"}},
             "te-default-metric": 7, "te-delay-metric": 1500}}}
        ]
      }
    ]
  }
}
)"},
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_IMPORT_SAMPLES_H_
