// The agent's metrics, made once, so that each shows from the start with value 0.
#ifndef WAYMARK_SOUTHBOUND_AGENT_AGENT_METRICS_H_
#define WAYMARK_SOUTHBOUND_AGENT_AGENT_METRICS_H_

#include "controller/base/metrics.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

// Thread-safe, as its members are.
struct AgentMetrics {
  explicit AgentMetrics(Metrics* metrics);

  void CountResult(southbound::v1::ResultStatus status);

  prometheus::Counter& batches_applied;
  prometheus::Counter& batches_rejected;
  prometheus::Counter& batches_repeated;
  prometheus::Counter& operations_fib;
  prometheus::Counter& operations_rib;
  prometheus::Counter& operations_rejected;
  prometheus::Counter& operations_undone;
  prometheus::Counter& messages_refused;
  prometheus::Counter& drift_repaired;
  prometheus::Counter& drift_removed;
  prometheus::Counter& drift_failed;
  prometheus::Counter& read_backs;
  prometheus::Counter& read_back_errors;
  prometheus::Counter& state_errors;
  prometheus::Counter& dataplane_events;
  prometheus::Counter& dataplane_events_lost;
  prometheus::Counter& lists_lost;
  prometheus::Gauge& objects;
  prometheus::Gauge& objects_pending;
  prometheus::Gauge& policies_on_protect;
  prometheus::Gauge& state_complete;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_AGENT_AGENT_METRICS_H_
