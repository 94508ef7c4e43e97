// Routes that give up some of the objective for something else, such as availability: candidates
// for targets that are no sums over links, and a good beginning for the exact search
// (availability_search.h).
#ifndef WAYMARK_CONTROLLER_COMPUTE_TRADE_OFFS_H_
#define WAYMARK_CONTROLLER_COMPUTE_TRADE_OFFS_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "controller/compute/availability.h"
#include "controller/compute/disjoint_pair.h"
#include "controller/compute/latency.h"
#include "controller/compute/route_targets.h"
#include "controller/compute/search_graph.h"

namespace waymark {

// The least paths (pairs, with protection) by objective plus ever more of `price`, up to price
// alone: the corners of the convex hull of what can be had of both (Lagrangian relaxation; Handler
// and Zang 1980). Each keeps the graph's constraints and bounds and has its metric by the graph's
// own objective; in the order in which they were found, none twice, the plain best first. Not every
// useful route is a corner. Ten searches; fewer when `stop` says so. `price`: by link, 0 or more.
std::vector<std::vector<ComputedPath>> TradeOffs(const SearchGraph& graph,
                                                 const Protection& protection, NodeId from,
                                                 NodeId to, std::span<const int64_t> price,
                                                 const std::function<bool()>& stop);

// The least route of a graph that has prices of its own; empty: none is known.
using LeastRoute = std::function<std::vector<ComputedPath>(const SearchGraph&)>;

// Those for what the targets ask: for availability, and for latency. Where a route says nothing of
// its availability, and so has none, also those that keep to links that say something. `least`
// finds the routes, be they through explicit hops, or more than two paths; their paths stay in its
// order.
std::vector<std::vector<ComputedPath>> TargetTradeOffs(const SearchGraph& graph,
                                                       const LeastRoute& least,
                                                       const RouteTargets& targets,
                                                       const std::function<bool()>& stop);
// The same for paths and pairs, the lesser path of a pair first.
std::vector<std::vector<ComputedPath>> TargetTradeOffs(const SearchGraph& graph,
                                                       const Protection& protection, NodeId from,
                                                       NodeId to, const RouteTargets& targets,
                                                       const std::function<bool()>& stop);

// Of every link, its delay.
std::vector<int64_t> DelayPrices(const SearchGraph& graph);

// Of every link, its delay and what a packet of the queue waits at most for what `loads` has, in
// nanoseconds. O(links * queues).
std::vector<int64_t> LatencyPrices(const SearchGraph& graph, const QueueLoads& loads,
                                   uint32_t queue);

// Of every link, with the node that it enters and the risk groups of both: -ln(availability), in
// units of 1e-12. What states no figures is free.
std::vector<int64_t> UnavailabilityPrices(const Snapshot& snapshot, const AvailabilityModel& model);

// Of what every route between the two shares: its ends and their risk groups. No route is more
// available than that.
double UnavailabilityOfEnds(const Snapshot& snapshot, const AvailabilityModel& model, NodeId from,
                            NodeId to);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_TRADE_OFFS_H_
