// A data plane in memory, for tests of the agent: it can be made to fail, to drift and to report.
#ifndef WAYMARK_SOUTHBOUND_AGENT_FAKE_DATAPLANE_H_
#define WAYMARK_SOUTHBOUND_AGENT_FAKE_DATAPLANE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "southbound/dataplane/dataplane.h"

namespace waymark {

// One thread.
class FakeDataPlane final : public DataPlane {
 public:
  std::string name() const override { return "fake"; }
  absl::Status Start(EventSink sink) override;
  absl::Status Put(const southbound::v1::Object& object) override;
  absl::Status Remove(const southbound::v1::Object& object) override;
  absl::StatusOr<Report> Reconcile(const std::vector<southbound::v1::Object>& expected,
                                   bool repair) override;
  std::vector<southbound::v1::Event> Observe() override { return observed; }

  // Every Put and Remove of the key fails so, until it is erased here; "remove KEY": only Remove.
  std::map<std::string, absl::Status> failures;
  absl::Status reconcile_failure;
  std::vector<southbound::v1::Event> observed;
  // What it forwards by.
  std::map<std::string, southbound::v1::Object> held;
  // "put KEY", "remove KEY" as they came and succeeded.
  std::vector<std::string> calls;
  int reconciles = 0;
  EventSink sink;

 private:
  absl::Status FailureOf(const std::string& key) const;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_AGENT_FAKE_DATAPLANE_H_
