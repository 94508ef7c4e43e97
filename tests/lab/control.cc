#include "tests/lab/control.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/base/clock.h"

namespace waymark::lab {
namespace {

std::string Id(const std::string& name) { return name.substr(name.rfind('/') + 1); }

// "customers/bank/sites/zrh" -> "bank/zrh".
std::string SiteId(const std::string& name) {
  const size_t customer = name.find('/') + 1;
  return name.substr(customer, name.find('/', customer) - customer) + "/" + Id(name);
}

}  // namespace

absl::Status Control::MakeCertificates(const std::vector<std::string>& names) {
  const std::string tls = options_.folder + "/tls";
  mkdir(tls.c_str(), 0700);
  // One key serves all of this run: making keys is what takes time, and nothing here outlives the
  // run.
  std::string script = absl::StrCat(
      "set -e; cd '", tls, "'\n", "if [ ! -e ca.pem ]; then\n",
      "  openssl ecparam -name prime256v1 -genkey -noout -out key.pem 2>/dev/null\n",
      "  openssl req -x509 -new -key key.pem -subj /CN=waymark-lab -days 2 -out ca.pem\n", "fi\n",
      "issue() { openssl req -new -key key.pem -subj \"/CN=$1\" | openssl x509 -req -CA ca.pem ",
      "-CAkey key.pem -set_serial \"$2\" -days 2 -out \"$1.pem\" ",
      "-extfile <(echo subjectAltName=DNS:\"$1\",DNS:localhost) 2>/dev/null; }\n",
      "n=1; for name in ", absl::StrJoin(names, " "),
      "; do issue \"$name\" \"$n\"; n=$((n + 1)); done\n");
  return RunChecked({"bash", "-c", script}, absl::Seconds(60)).status();
}

std::string Control::LogLevelFlag() const {
  return options_.verbose ? "--log-level=debug" : "--log-level=info";
}

absl::Status Control::StartController(bool first) {
  const std::string& f = options_.folder;
  std::vector<std::string> command = {program("controller/engine/waymarkd"),
                                      "--data-dir=" + f + "/store",
                                      "--northbound=" + options_.northbound,
                                      "--southbound=unix:" + f + "/southbound.sock",
                                      "--southbound-ca=" + f + "/tls/ca.pem",
                                      "--southbound-cert=" + f + "/tls/waymarkd.pem",
                                      "--southbound-key=" + f + "/tls/key.pem",
                                      "--metrics=" + options_.metrics,
                                      LogLevelFlag()};
  if (first) command.push_back("--init");
  absl::StatusOr<Process> process = Process::Start(command, log("waymarkd"));
  if (!process.ok()) return process.status();
  controller_ = *std::move(process);
  const absl::Duration deadline = RealClock().Monotonic() + absl::Seconds(20);
  for (;;) {
    absl::StatusOr<std::string> info = Cli({"info"}, absl::Seconds(5));
    if (info.ok()) return absl::OkStatus();
    if (!controller_.Running()) {
      std::ifstream text(log("waymarkd"));
      std::string line, last;
      while (std::getline(text, line)) last = line;
      return absl::UnavailableError("waymarkd ended at once: " + last);
    }
    if (RealClock().Monotonic() > deadline) return info.status();
  }
}

absl::Status Control::StartAgent(const std::string& node,
                                 const std::vector<std::string>& world_flags) {
  const std::string& f = options_.folder;
  std::vector<std::string> command = {program("southbound/agent/waymark-agent"),
                                      "--node=" + node,
                                      "--controller=unix:" + f + "/southbound.sock",
                                      "--tls-ca=" + f + "/tls/ca.pem",
                                      "--tls-cert=" + f + "/tls/" + node + ".pem",
                                      "--tls-key=" + f + "/tls/key.pem",
                                      "--tls-server-name=waymarkd",
                                      "--state-dir=" + f + "/agents/" + node,
                                      LogLevelFlag()};
  command.insert(command.end(), world_flags.begin(), world_flags.end());
  mkdir((f + "/agents").c_str(), 0755);
  mkdir((f + "/agents/" + node).c_str(), 0755);
  absl::StatusOr<Process> process = Process::Start(command, log("agent-" + node));
  if (!process.ok()) return process.status();
  agents_[node] = *std::move(process);
  return absl::OkStatus();
}

absl::Status Control::StopAll() {
  std::vector<std::string> bad;
  for (auto& [node, process] : agents_) {
    if (!process.Running()) continue;
    if (process.Terminate() != 0) bad.push_back("agent of " + node);
  }
  agents_.clear();
  if (controller_.Running() && controller_.Terminate() != 0) bad.push_back("waymarkd");
  if (bad.empty()) return absl::OkStatus();
  return absl::InternalError("did not end well on SIGTERM: " + absl::StrJoin(bad, ", "));
}

absl::Status Control::CheckRunning() {
  if (!controller_.Running()) {
    return absl::InternalError("waymarkd has ended; see " + log("waymarkd"));
  }
  for (auto& [node, process] : agents_) {
    if (!process.Running()) {
      return absl::InternalError("agent of " + node + " has ended; see " + log("agent-" + node));
    }
  }
  return absl::OkStatus();
}

std::string Control::CommandPrefix() const {
  const std::string command = program("northbound/cli/waymark");
  return options_.northbound == "localhost:9341" ? command
                                                 : command + " --server=" + options_.northbound;
}

absl::StatusOr<std::string> Control::Cli(const std::vector<std::string>& arguments,
                                         absl::Duration timeout) const {
  std::vector<std::string> command = {program("northbound/cli/waymark"),
                                      "--server=" + options_.northbound, "--no-color"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return RunChecked(command, timeout);
}

absl::StatusOr<nlohmann::json> Control::Json(const std::vector<std::string>& arguments) const {
  std::vector<std::string> with = {"-o", "json"};
  with.insert(with.end(), arguments.begin(), arguments.end());
  absl::StatusOr<std::string> text = Cli(with);
  if (!text.ok()) return text.status();
  nlohmann::json json = nlohmann::json::parse(*text, nullptr, false);
  if (json.is_discarded()) return absl::InternalError("no JSON: " + *text);
  return json;
}

absl::StatusOr<Carrier> ReadCarrier(const Control& control) {
  Carrier carrier;
  absl::StatusOr<nlohmann::json> nodes = control.Json({"get", "nodes"});
  if (!nodes.ok()) return nodes.status();
  absl::StatusOr<nlohmann::json> links = control.Json({"get", "links"});
  if (!links.ok()) return links.status();
  absl::StatusOr<nlohmann::json> sites = control.Json({"get", "sites"});
  if (!sites.ok()) return sites.status();
  for (const auto& node : (*nodes)["nodes"]) {
    const std::string id = Id(node["name"]);
    carrier.nodes.push_back(id);
    carrier.jurisdictions[id] = node.value("jurisdiction", "");
    if (node.contains("ports") && !node["ports"].empty()) {
      carrier.spare_ports.emplace_back(id, node["ports"].back()["id"]);
    }
  }
  for (const auto& link : (*links)["links"]) {
    const std::string id = Id(link["name"]);
    carrier.links[id] = {id, Id(link["source"]), Id(link["target"]), link.value("interface", ""),
                         Id(link.value("reverse", ""))};
  }
  std::map<std::string, int> next_number;
  for (const auto& site : (*sites)["sites"]) {
    LabHost host;
    host.site = SiteId(site["name"]);
    host.customer = host.site.substr(0, host.site.find('/'));
    host.node = Id(site["node"]);
    host.port = site["port"];
    host.address.number = ++next_number[host.customer];
    std::erase(carrier.spare_ports, std::make_pair(host.node, host.port));
    carrier.hosts[host.site] = host;
  }
  return carrier;
}

}  // namespace waymark::lab
