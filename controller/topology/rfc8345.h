// The names of RFC 8345's JSON (encoded by RFC 7951), and of what we add, shared by import and
// export.
//
// Our additions are members of module "waymark": "waymark:node" of a node and "waymark:link" of a
// link hold the resource's fields (resources.proto, Protobuf's JSON form, Protobuf's field names)
// but for those that the standard has; "waymark:srlg" of the network lists the risk groups. Where
// they stand, nothing is guessed.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_RFC8345_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_RFC8345_H_

namespace waymark::rfc8345 {

// RFC 8345 section 6.1.
inline constexpr char kNetworks[] = "ietf-network:networks";
inline constexpr char kNetwork[] = "network";
inline constexpr char kNetworkId[] = "network-id";
inline constexpr char kNetworkTypes[] = "network-types";
inline constexpr char kNode[] = "node";
inline constexpr char kNodeId[] = "node-id";
// RFC 8345 section 6.2.
inline constexpr char kLink[] = "ietf-network-topology:link";
inline constexpr char kLinkId[] = "link-id";
inline constexpr char kSource[] = "source";
inline constexpr char kSourceNode[] = "source-node";
inline constexpr char kSourceTp[] = "source-tp";
inline constexpr char kDestination[] = "destination";
inline constexpr char kDestNode[] = "dest-node";
inline constexpr char kTerminationPoint[] = "ietf-network-topology:termination-point";
inline constexpr char kTpId[] = "tp-id";
// RFC 8346.
inline constexpr char kL3LinkAttributes[] = "ietf-l3-unicast-topology:l3-link-attributes";
inline constexpr char kL3NodeAttributes[] = "ietf-l3-unicast-topology:l3-node-attributes";
inline constexpr char kMetric1[] = "metric1";
// RFC 8795.
inline constexpr char kTe[] = "ietf-te-topology:te";
inline constexpr char kTeLinkAttributes[] = "te-link-attributes";
// Ours.
inline constexpr char kWaymarkNetwork[] = "waymark:network";
inline constexpr char kWaymarkNode[] = "waymark:node";
inline constexpr char kWaymarkLink[] = "waymark:link";
inline constexpr char kWaymarkSrlg[] = "waymark:srlg";

}  // namespace waymark::rfc8345

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_RFC8345_H_
