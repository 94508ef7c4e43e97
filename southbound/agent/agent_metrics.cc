#include "southbound/agent/agent_metrics.h"

namespace waymark {
namespace {

prometheus::Counter& Batches(Metrics* metrics, const char* result) {
  return metrics->Counter("waymark_agent_batches_total", "Batches from the controller, by result.",
                          {{"result", result}});
}

prometheus::Counter& Operations(Metrics* metrics, const char* result) {
  return metrics->Counter("waymark_agent_operations_total", "Operations of batches, by result.",
                          {{"result", result}});
}

prometheus::Counter& Drift(Metrics* metrics, const char* kind) {
  return metrics->Counter("waymark_agent_drift_total",
                          "Objects that the data plane held otherwise than told, found by reading "
                          "back, by what became of them.",
                          {{"outcome", kind}});
}

}  // namespace

AgentMetrics::AgentMetrics(Metrics* m)
    : batches_applied(Batches(m, "applied")),
      batches_rejected(Batches(m, "rejected")),
      batches_repeated(Batches(m, "repeated")),
      operations_fib(Operations(m, "fib_acked")),
      operations_rib(Operations(m, "rib_acked")),
      operations_rejected(Operations(m, "rejected")),
      operations_undone(Operations(m, "undone")),
      messages_refused(m->Counter("waymark_agent_messages_refused_total",
                                  "Controller messages refused for their epoch or form.")),
      drift_repaired(Drift(m, "repaired")),
      drift_removed(Drift(m, "removed")),
      drift_failed(Drift(m, "failed")),
      read_backs(m->Counter("waymark_agent_read_backs_total",
                            "Comparisons of the data plane with the agent's table.")),
      read_back_errors(m->Counter("waymark_agent_read_back_errors_total",
                                  "Comparisons that the data plane could not do.")),
      state_errors(
          m->Counter("waymark_agent_state_errors_total", "Writes of the state file that failed.")),
      dataplane_events(m->Counter("waymark_agent_dataplane_events_total",
                                  "Link and policy events of the data plane, after merging.")),
      dataplane_events_lost(
          m->Counter("waymark_agent_dataplane_events_lost_total",
                     "Events beyond the queue's cap; the states were read anew instead.")),
      lists_lost(m->Counter("waymark_agent_segment_lists_lost_total",
                            "Working segment lists that went from alive to dead by their probes.")),
      objects(m->Gauge("waymark_agent_objects", "Objects in the table.")),
      objects_pending(
          m->Gauge("waymark_agent_objects_pending", "Objects that the data plane cannot do yet.")),
      policies_on_protect(m->Gauge("waymark_agent_policies_on_protect",
                                   "Policies whose traffic is on the protect path.")),
      state_complete(m->Gauge("waymark_agent_state_complete",
                              "1: the table is all that the controller wants here. 0: waiting for "
                              "its re-sync, nothing is removed.")) {}

void AgentMetrics::CountResult(southbound::v1::ResultStatus status) {
  switch (status) {
    case southbound::v1::FIB_ACKED:
      return operations_fib.Increment();
    case southbound::v1::RIB_ACKED:
      return operations_rib.Increment();
    case southbound::v1::UNDONE:
      return operations_undone.Increment();
    default:
      return operations_rejected.Increment();
  }
}

}  // namespace waymark
