// The programs under proof: waymarkd, one waymark-agent a switch, and the waymark command line.
#ifndef WAYMARK_TESTS_LAB_CONTROL_H_
#define WAYMARK_TESTS_LAB_CONTROL_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "tests/lab/process.h"
#include "tests/lab/world.h"

namespace waymark::lab {

class Control {
 public:
  struct Options {
    std::string bin;  // folder of bazel-bin
    std::string
        folder;  // for sockets, logs, certificates, the store: made and removed by the caller
    std::string northbound = "localhost:9341";
    std::string metrics = "off";
    bool verbose = false;
  };

  explicit Control(Options options) : options_(std::move(options)) {}

  // A certificate with each common name, of an authority made for this run.
  absl::Status MakeCertificates(const std::vector<std::string>& names);
  // `first`: makes the store. Returns when the northbound API serves.
  absl::Status StartController(bool first);
  absl::Status StartAgent(const std::string& node, const std::vector<std::string>& world_flags);
  void KillController() { controller_.Kill(); }
  void KillAgent(const std::string& node) { agents_.at(node).Kill(); }
  // In order, agents first. Says which did not end well by itself.
  absl::Status StopAll();
  // Something that should run has ended.
  absl::Status CheckRunning();

  // Runs `waymark` with these arguments; its output.
  absl::StatusOr<std::string> Cli(const std::vector<std::string>& arguments,
                                  absl::Duration timeout = absl::Seconds(30)) const;
  // The same with `-o json`.
  absl::StatusOr<nlohmann::json> Json(const std::vector<std::string>& arguments) const;
  // What a person types for `waymark`.
  std::string CommandPrefix() const;
  std::string program(const std::string& path) const { return options_.bin + "/" + path; }
  const std::string& server() const { return options_.northbound; }
  const std::string& folder() const { return options_.folder; }
  std::string log(const std::string& name) const { return options_.folder + "/" + name + ".log"; }

 private:
  std::string LogLevelFlag() const;

  const Options options_;
  Process controller_;
  std::map<std::string, Process> agents_;
};

// What is drawn from the API: nodes, links with their interfaces, and a host for each site.
absl::StatusOr<Carrier> ReadCarrier(const Control& control);

}  // namespace waymark::lab

#endif  // WAYMARK_TESTS_LAB_CONTROL_H_
