// The proof: what Waymark promises, tried with frames. Each row says what was expected and what was
// seen on the wire, never what the controller says of itself.
#ifndef WAYMARK_TESTS_LAB_PROOF_H_
#define WAYMARK_TESTS_LAB_PROOF_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/lab/control.h"
#include "tests/lab/world.h"

namespace waymark::lab {

struct ProofRow {
  std::string number;  // "1a"
  std::string claim;
  std::string seen;
  bool holds = false;
  // False: cannot be tried in this world, and counts neither way.
  bool tried = true;
};

// One path as `waymark trace` printed it before anything was sent.
struct TracedPath {
  std::vector<std::string> links;  // ids in travel order
};

struct Traced {
  std::string traffic_class;
  uint32_t outer_dscp = 0;
  std::vector<TracedPath> paths;
  TracedPath protect;
  bool on_protect = false;
};

class Proof {
 public:
  struct Options {
    absl::Duration stream = absl::Seconds(3);
    // Asked between rows; true ends the proof, which then does not hold.
    std::function<bool()> interrupted;
  };

  Proof(World& world, Control& control, const Carrier& carrier, Options options)
      : world_(world), control_(control), carrier_(carrier), options_(options) {}

  // Runs all of it; `on_row` as each row is done. True if every row holds.
  bool Run(const std::function<void(const ProofRow&)>& on_row);

 private:
  using Check = std::function<absl::StatusOr<std::string>()>;

  void Row(const std::string& number, const std::string& claim, const Check& check);

  void ProveMarksChooseRoutes();
  void ProvePcpChoosesRoute();
  void ProveOneLan();
  void ProveNoLeaks();
  void ProveJurisdiction();
  void ProveProtection();
  void ProveControllerRestart();
  void ProveAgentRestart();

  // A frame with a new token goes from one site to another; the links that it took, in order.
  absl::StatusOr<std::vector<Sighting>> SendAndWatch(const std::string& from, const std::string& to,
                                                     const Mark& mark);
  absl::StatusOr<Traced> Trace(const std::string& service, const std::string& from,
                               const std::string& to, const Mark& mark, bool marked);
  // Sends and compares with what was traced: the text for the row, or what differed.
  absl::StatusOr<std::string> FollowsTrace(const std::string& service, const std::string& from,
                                           const std::string& to, const Mark& mark, bool marked,
                                           std::vector<std::string>* route);
  absl::StatusOr<std::string> StaysInside(const std::string& jurisdiction, const std::string& from,
                                          const std::string& to, const Mark& mark, int frames,
                                          const std::string& cut_link);
  absl::Status WaitForNewAgent(const std::string& node, const std::string& old_instance);
  absl::Status WaitUp(const std::string& service);
  absl::Status LearnAddresses();
  std::string NewToken();
  const LabHost& Host(const std::string& site) const { return carrier_.hosts.at(site); }

  World& world_;
  Control& control_;
  const Carrier& carrier_;
  const Options options_;
  std::function<void(const ProofRow&)> on_row_;
  bool all_hold_ = true;
  int next_token_ = 0;
};

// Routes as a person reads them: "lon -> mrs -> sin".
std::string RouteText(const Carrier& carrier, const std::vector<std::string>& links);

}  // namespace waymark::lab

#endif  // WAYMARK_TESTS_LAB_PROOF_H_
