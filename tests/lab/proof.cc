#include "tests/lab/proof.h"

#include <poll.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/base/clock.h"

namespace waymark::lab {
namespace {

constexpr absl::Duration kArrival = absl::Seconds(3);

// Between these two data centres the three classes part.
constexpr char kService[] = "storage/replica";
constexpr char kFrom[] = "storage/lon";
constexpr char kTo[] = "storage/sin";
const Mark kEf{46};
const Mark kAf31{26};
const Mark kUnmarked{};

std::vector<std::string> Links(const std::vector<Sighting>& seen) {
  std::vector<std::string> links;
  for (const Sighting& sighting : seen) links.push_back(sighting.link);
  return links;
}

std::string Id(const std::string& name) { return name.substr(name.rfind('/') + 1); }

TracedPath ReadPath(const nlohmann::json& path) {
  TracedPath result;
  if (!path.contains("hops")) return result;
  for (const auto& hop : path["hops"]) {
    const std::string link = hop.value("link", "");
    if (!link.empty()) result.links.push_back(Id(link));
  }
  return result;
}

// What must be the same after a restart, bit for bit; liveness and times may differ.
std::string RoutesText(const nlohmann::json& policies) {
  std::string text;
  for (const auto& policy : policies["policies"]) {
    absl::StrAppend(&text, policy.value("name", ""), " ", policy.value("binding_sid", ""));
    std::vector<nlohmann::json> paths = policy.value("working", std::vector<nlohmann::json>());
    if (policy.contains("protect")) paths.push_back(policy["protect"]);
    for (nlohmann::json& path : paths) {
      path.erase("state");
      absl::StrAppend(&text, " ", path.dump());
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

}  // namespace

std::string RouteText(const Carrier& carrier, const std::vector<std::string>& links) {
  std::string text;
  for (const std::string& id : links) {
    const LabLink& link = carrier.links.at(id);
    if (text.empty()) text = link.source;
    absl::StrAppend(&text, " > ", link.target);
  }
  return text.empty() ? "nowhere" : text;
}

bool Proof::Run(const std::function<void(const ProofRow&)>& on_row) {
  on_row_ = on_row;
  if (absl::Status status = LearnAddresses(); !status.ok()) {
    on_row({"0", "hosts reach each other at all", std::string(status.message()), false});
    return false;
  }
  ProveMarksChooseRoutes();
  ProvePcpChoosesRoute();
  ProveOneLan();
  ProveNoLeaks();
  ProveJurisdiction();
  ProveProtection();
  ProveControllerRestart();
  ProveAgentRestart();
  return all_hold_;
}

void Proof::Row(const std::string& number, const std::string& claim, const Check& check) {
  if (options_.interrupted && options_.interrupted()) {
    all_hold_ = false;
    return;
  }
  absl::StatusOr<std::string> seen = check();
  ProofRow row{number, claim, seen.ok() ? *seen : std::string(seen.status().message()), seen.ok()};
  row.tried = !absl::IsUnimplemented(seen.status());
  all_hold_ = all_hold_ && (row.holds || !row.tried);
  on_row_(row);
}

std::string Proof::NewToken() { return absl::StrFormat("waymark-proof-%06d", next_token_++); }

// Bridges flood what they have not learned; after a word from everybody, unicast goes one way only.
absl::Status Proof::LearnAddresses() {
  world_.Forget();
  for (const auto& [site, host] : carrier_.hosts) {
    const std::string token = NewToken();
    absl::Status status = world_.SendFrame(
        site, UdpFrame(host.address, BroadcastMac(), HostAddress{255}, kUnmarked, token));
    if (!status.ok()) return status;
    for (const auto& [other, peer] : carrier_.hosts) {
      if (peer.customer != host.customer || other == site) continue;
      if (auto got = world_.WaitForFrame(other, token, kArrival); !got.ok()) return got.status();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Traced> Proof::Trace(const std::string& service, const std::string& from,
                                    const std::string& to, const Mark& mark, bool marked) {
  std::vector<std::string> command = {"trace", service, "--from", from, "--to", to};
  if (mark.pcp.has_value()) {
    command.push_back("--pcp=" + std::to_string(*mark.pcp));
  } else if (marked) {
    command.push_back("--dscp=" + std::to_string(mark.dscp));
  }
  absl::StatusOr<nlohmann::json> json = control_.Json(command);
  if (!json.ok()) return json.status();
  Traced traced;
  traced.traffic_class = Id(json->value("traffic_class", ""));
  traced.outer_dscp = json->value("outer_dscp", 0u);
  traced.on_protect = json->value("on_protect", false);
  for (const auto& path : json->value("paths", nlohmann::json::array())) {
    traced.paths.push_back(ReadPath(path));
  }
  if (json->contains("protect")) traced.protect = ReadPath((*json)["protect"]);
  if (traced.paths.empty()) return absl::NotFoundError("trace shows no path: " + json->dump());
  return traced;
}

absl::StatusOr<std::vector<Sighting>> Proof::SendAndWatch(const std::string& from,
                                                          const std::string& to, const Mark& mark) {
  world_.Forget();
  const std::string token = NewToken();
  const std::string frame =
      UdpFrame(Host(from).address, Host(to).address.Mac(), Host(to).address, mark, token);
  if (absl::Status status = world_.SendFrame(from, frame); !status.ok()) return status;
  absl::StatusOr<std::string> got = world_.WaitForFrame(to, token, kArrival);
  if (!got.ok()) return got.status();
  if (got->substr(0, frame.size()) != frame) {
    return absl::DataLossError("the frame arrived changed");
  }
  return world_.Seen(frame);
}

absl::StatusOr<std::string> Proof::FollowsTrace(const std::string& service, const std::string& from,
                                                const std::string& to, const Mark& mark,
                                                bool marked, std::vector<std::string>* route) {
  absl::StatusOr<Traced> traced = Trace(service, from, to, mark, marked);
  if (!traced.ok()) return traced.status();
  absl::StatusOr<std::vector<Sighting>> seen = SendAndWatch(from, to, mark);
  if (!seen.ok()) return seen.status();
  *route = Links(*seen);
  const std::string took = RouteText(carrier_, *route);
  const bool as_traced = std::any_of(traced->paths.begin(), traced->paths.end(),
                                     [&](const TracedPath& path) { return path.links == *route; });
  if (!as_traced) {
    return absl::FailedPreconditionError(
        absl::StrCat("took ", took, "; traced ", RouteText(carrier_, traced->paths[0].links)));
  }
  for (const Sighting& sighting : *seen) {
    if (sighting.outer_dscp != traced->outer_dscp) {
      return absl::FailedPreconditionError(absl::StrCat("outer DSCP ", sighting.outer_dscp, " on ",
                                                        sighting.link, ", traced ",
                                                        traced->outer_dscp));
    }
  }
  return absl::StrCat(took, " (", traced->traffic_class, ", outer DSCP ", traced->outer_dscp, ")");
}

void Proof::ProveMarksChooseRoutes() {
  std::vector<std::string> ef, af31, unmarked;
  Row("1a", "lon to sin, marked EF: exactly the traced hops",
      [&] { return FollowsTrace(kService, kFrom, kTo, kEf, true, &ef); });
  Row("1b", "the same two hosts, marked AF31",
      [&] { return FollowsTrace(kService, kFrom, kTo, kAf31, true, &af31); });
  Row("1c", "the same two hosts, unmarked",
      [&] { return FollowsTrace(kService, kFrom, kTo, kUnmarked, false, &unmarked); });
  Row("1d", "three marks, three routes", [&]() -> absl::StatusOr<std::string> {
    const std::set<std::vector<std::string>> routes = {ef, af31, unmarked};
    if (routes.size() != 3 || ef.empty() || af31.empty() || unmarked.empty()) {
      return absl::FailedPreconditionError("the routes are not all different");
    }
    return absl::StrFormat("%d, %d and %d hops", ef.size(), af31.size(), unmarked.size());
  });
}

void Proof::ProvePcpChoosesRoute() {
  std::vector<std::string> voice, plain;
  Mark tagged;
  tagged.pcp = 5;
  Row("2a", "mum to lon, 802.1Q tag with PCP 5: the voice route", [&] {
    return FollowsTrace("callcentre/voice", "callcentre/mum", "callcentre/lon", tagged, true,
                        &voice);
  });
  Row("2b", "the same without the tag: another route", [&]() -> absl::StatusOr<std::string> {
    absl::StatusOr<std::string> text = FollowsTrace("callcentre/voice", "callcentre/mum",
                                                    "callcentre/lon", kUnmarked, false, &plain);
    if (text.ok() && plain == voice) return absl::FailedPreconditionError("the same route");
    return text;
  });
}

void Proof::ProveOneLan() {
  const LabHost& from = Host("storage/fra");
  const LabHost& to = Host("storage/nyc");
  Row("3a", "ARP and IPv6 neighbour discovery, fra to nyc",
      [&] { return world_.NeighbourDiscovery(from, to); });
  Row("3b", "a broadcast reaches every other site once", [&]() -> absl::StatusOr<std::string> {
    world_.Forget();
    const std::string token = NewToken();
    absl::Status status = world_.SendFrame(
        from.site, UdpFrame(from.address, BroadcastMac(), HostAddress{255}, kUnmarked, token));
    if (!status.ok()) return status;
    int reached = 0;
    for (const auto& [site, host] : carrier_.hosts) {
      if (host.customer != from.customer || site == from.site) continue;
      if (auto got = world_.WaitForFrame(site, token, kArrival); !got.ok()) return got.status();
      const size_t copies = world_.Arrived(site, token).size();
      if (copies != 1) return absl::InternalError(absl::StrCat(copies, " copies at ", site));
      ++reached;
    }
    return absl::StrCat(reached, " sites, one copy each");
  });
  Row("3c", "a 1,500-byte IP packet, don't-fragment set", [&]() -> absl::StatusOr<std::string> {
    world_.Forget();
    const std::string token = NewToken();
    const std::string frame =
        UdpFrame(from.address, to.address.Mac(), to.address, kEf, token, 1500);
    if (absl::Status status = world_.SendFrame(from.site, frame); !status.ok()) return status;
    absl::StatusOr<std::string> got = world_.WaitForFrame(to.site, token, kArrival);
    if (!got.ok()) return got.status();
    if (*got != frame) return absl::DataLossError("it arrived changed");
    const std::vector<Sighting> seen = world_.Seen(frame);
    if (seen.empty()) return absl::DataLossError("no packet on the way held all of it");
    const std::vector<std::string> links = Links(seen);
    const std::set<std::string> distinct(links.begin(), links.end());
    for (const Sighting& sighting : seen) {
      if (sighting.fragmented || distinct.size() != seen.size()) {
        return absl::DataLossError("fragmented on " + sighting.link);
      }
    }
    return absl::StrCat("arrived byte for byte, one packet on each of ", seen.size(), " links");
  });
  Row("3d", "a TCP transfer at a sound rate", [&] { return world_.TcpTransfer(from, to); });
}

void Proof::ProveNoLeaks() {
  Row("4", "customers with equal MAC and IP addresses never see each other",
      [&]() -> absl::StatusOr<std::string> {
        world_.Forget();
        std::vector<std::pair<std::string, std::string>> sent;  // token, customer
        for (const auto& [site, host] : carrier_.hosts) {
          for (const Mark& mark : {kUnmarked, kEf}) {
            const std::string token = NewToken();
            sent.emplace_back(token, host.customer);
            absl::Status status = world_.SendFrame(
                site, UdpFrame(host.address, BroadcastMac(), HostAddress{255}, mark, token));
            if (!status.ok()) return status;
            for (const auto& [other, peer] : carrier_.hosts) {
              if (peer.customer != host.customer || other == site) continue;
              auto got = world_.WaitForFrame(other, token, kArrival);
              if (!got.ok()) return got.status();
            }
          }
        }
        for (const auto& [token, customer] : sent) {
          for (const auto& [site, host] : carrier_.hosts) {
            if (host.customer != customer && !world_.Arrived(site, token).empty()) {
              return absl::InternalError(
                  absl::StrCat("a frame of ", customer, " arrived at ", site));
            }
          }
        }
        return absl::StrCat(sent.size(), " broadcasts from every site, 0 at another customer");
      });
}

absl::StatusOr<std::string> Proof::StaysInside(const std::string& jurisdiction,
                                               const std::string& from, const std::string& to,
                                               const Mark& mark, int frames,
                                               const std::string& cut_link) {
  world_.Forget();
  const std::string token = NewToken();
  const std::string frame =
      UdpFrame(Host(from).address, Host(to).address.Mac(), Host(to).address, mark, token);
  for (int i = 0; i < frames; ++i) {
    if (absl::Status status = world_.SendFrame(from, frame); !status.ok()) return status;
    if (cut_link.empty()) continue;
    if (i == frames / 5) {
      if (absl::Status s = world_.CutLink(carrier_.links.at(cut_link)); !s.ok()) return s;
    }
    // About 1 kHz: what happens before, while and after the path is repaired is on the wire too.
    poll(nullptr, 0, 1);
  }
  if (auto got = world_.WaitForFrame(to, token, kArrival); !got.ok()) return got.status();
  const std::vector<Sighting> seen = world_.Seen(frame);
  std::set<std::string> links;
  for (const Sighting& sighting : seen) {
    links.insert(sighting.link);
    const LabLink& link = carrier_.links.at(sighting.link);
    for (const std::string& end : {link.source, link.target}) {
      if (carrier_.jurisdictions.at(end) != jurisdiction) {
        return absl::InternalError(absl::StrCat("a frame was on ", sighting.link));
      }
    }
  }
  if (links.empty()) return absl::InternalError("no frame was seen on any link");
  return absl::StrFormat("%d frames, %d packets on %d links, all inside %s", frames, seen.size(),
                         links.size(), jurisdiction);
}

void Proof::ProveJurisdiction() {
  const std::string from = "bank/zrh", to = "bank/gva";
  Row("5a", "the bank's Swiss class touches no link with an end outside CH",
      [&] { return StaysInside("CH", from, to, kEf, 100, ""); });
  std::string cut;
  Row("5b", "nor when its working path is cut", [&]() -> absl::StatusOr<std::string> {
    absl::StatusOr<Traced> traced = Trace("bank/core", from, to, kEf, true);
    if (!traced.ok()) return traced.status();
    cut = traced->paths[0].links.front();
    absl::StatusOr<std::string> during = StaysInside("CH", from, to, kEf, 600, cut);
    if (!during.ok()) return during.status();
    absl::StatusOr<std::string> after = StaysInside("CH", from, to, kEf, 100, "");
    if (!after.ok()) return after.status();
    return absl::StrCat("cut ", cut, " in the middle of ", *during, "; then ", *after);
  });
  if (!cut.empty()) (void)world_.RestoreLink(carrier_.links.at(cut));
}

absl::Status Proof::WaitUp(const std::string& service) {
  return control_.Cli({"wait", "--for=up", service, "--timeout=30s"}, absl::Seconds(40)).status();
}

void Proof::ProveProtection() {
  std::string cut;
  Row("6", "cut a link of a pinned route: on its protect path",
      [&]() -> absl::StatusOr<std::string> {
        if (absl::Status status = WaitUp(kService); !status.ok()) return status;
        absl::StatusOr<Traced> before = Trace(kService, kFrom, kTo, kEf, true);
        if (!before.ok()) return before.status();
        const std::vector<std::string>& working = before->paths[0].links;
        // In the middle where there is one: then the headend's own interfaces know nothing of it.
        cut = working[working.size() / 2];
        absl::StatusOr<StreamResult> stream =
            world_.Stream(Host(kFrom), Host(kTo), kEf, options_.stream,
                          [&] { return world_.CutLink(carrier_.links.at(cut)); });
        if (!stream.ok()) return stream.status();
        absl::StatusOr<std::vector<Sighting>> seen = SendAndWatch(kFrom, kTo, kEf);
        if (!seen.ok()) return seen.status();
        if (Links(*seen) != before->protect.links) {
          return absl::FailedPreconditionError(
              absl::StrCat("took ", RouteText(carrier_, Links(*seen)), "; protect path was ",
                           RouteText(carrier_, before->protect.links)));
        }
        if (stream->received == 0) return absl::UnavailableError("the stream never arrived");
        return absl::StrFormat("cut %s: lost %d of %d at 1 kHz, longest gap %d ms; now %s", cut,
                               stream->lost(), stream->sent,
                               absl::ToInt64Milliseconds(stream->longest_gap),
                               RouteText(carrier_, before->protect.links));
      });
  if (!cut.empty()) (void)world_.RestoreLink(carrier_.links.at(cut));
  (void)WaitUp(kService);
}

void Proof::ProveControllerRestart() {
  nlohmann::json info_before, policies_before;
  Row("7a", "kill -9 the controller, start it again: no packet is lost",
      [&]() -> absl::StatusOr<std::string> {
        absl::StatusOr<nlohmann::json> info = control_.Json({"info"});
        absl::StatusOr<nlohmann::json> policies = control_.Json({"get", "policies"});
        if (!info.ok()) return info.status();
        if (!policies.ok()) return policies.status();
        info_before = *info;
        policies_before = *policies;
        absl::StatusOr<StreamResult> stream =
            world_.Stream(Host(kFrom), Host(kTo), kEf, options_.stream, [&] {
              control_.KillController();
              return control_.StartController(false);
            });
        if (!stream.ok()) return stream.status();
        const std::string text = absl::StrFormat("lost %d of %d", stream->lost(), stream->sent);
        if (stream->lost() != 0) return absl::DataLossError(text);
        return text;
      });
  Row("7b", "same revision, same routes, nothing sent again", [&]() -> absl::StatusOr<std::string> {
    absl::StatusOr<std::string> waited =
        control_.Cli({"wait", "--for=converged", "--timeout=30s"}, absl::Seconds(40));
    if (!waited.ok()) return waited.status();
    absl::StatusOr<nlohmann::json> info = control_.Json({"info"});
    absl::StatusOr<nlohmann::json> policies = control_.Json({"get", "policies"});
    absl::StatusOr<nlohmann::json> agents = control_.Json({"get", "agents"});
    for (const absl::Status& status : {info.status(), policies.status(), agents.status()}) {
      if (!status.ok()) return status;
    }
    const std::string before = info_before.value("revision", "?");
    const std::string after = info->value("revision", "?");
    if (before != after) return absl::InternalError("revision " + before + ", then " + after);
    if (RoutesText(policies_before) != RoutesText(*policies)) {
      return absl::InternalError("routes differ");
    }
    for (const auto& agent : (*agents)["agents"]) {
      const std::string sent = agent.value("operations_sent", "0");
      if (sent != "0") {
        return absl::InternalError(
            absl::StrCat(agent.value("name", ""), " was sent ", sent, " operations"));
      }
    }
    return absl::StrFormat("revision %s, %d policies equal, 0 operations to %d agents", after,
                           (*policies)["policies"].size(), (*agents)["agents"].size());
  });
}

absl::Status Proof::WaitForNewAgent(const std::string& node, const std::string& old_instance) {
  const absl::Duration deadline = RealClock().Monotonic() + absl::Seconds(20);
  for (;;) {
    absl::StatusOr<nlohmann::json> agent = control_.Json({"get", "agents", node});
    if (!agent.ok()) return agent.status();
    if (agent->value("connected", false) && agent->value("instance", "") != old_instance) {
      return absl::OkStatus();
    }
    if (RealClock().Monotonic() > deadline) {
      return absl::DeadlineExceededError("the restarted agent of " + node + " does not connect");
    }
  }
}

void Proof::ProveAgentRestart() {
  const std::string node = Host(kFrom).node;
  Row("8", "kill -9 an agent, start it again: no packet is lost",
      [&]() -> absl::StatusOr<std::string> {
        absl::StatusOr<nlohmann::json> before = control_.Json({"get", "agents", node});
        if (!before.ok()) return before.status();
        const std::string instance = before->value("instance", "");
        const std::string sent_before = before->value("operations_sent", "0");
        absl::StatusOr<StreamResult> stream =
            world_.Stream(Host(kFrom), Host(kTo), kEf, options_.stream, [&] {
              control_.KillAgent(node);
              absl::Status status = control_.StartAgent(node, world_.AgentFlags(node));
              return status.ok() ? WaitForNewAgent(node, instance) : status;
            });
        if (!stream.ok()) return stream.status();
        absl::StatusOr<nlohmann::json> agent = control_.Json({"get", "agents", node});
        if (!agent.ok()) return agent.status();
        if (!agent->value("connected", false) || agent->value("instance", "") == instance) {
          return absl::UnavailableError("the new agent has not connected");
        }
        if (agent->value("operations_sent", "0") != sent_before) {
          return absl::InternalError("it was sent operations again");
        }
        const std::string text =
            absl::StrFormat("agent of %s: lost %d of %d", node, stream->lost(), stream->sent);
        if (stream->lost() != 0) return absl::DataLossError(text);
        return text;
      });
}

}  // namespace waymark::lab
