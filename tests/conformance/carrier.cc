#include "tests/conformance/carrier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "controller/base/object.h"

namespace waymark {
namespace {

using southbound::v1::Object;

void ExpectOk(const absl::Status& status, const std::string& what) {
  EXPECT_TRUE(status.ok()) << what << ": " << status;
}

}  // namespace

void TestCarrier::AddSwitch(const std::string& node) {
  ExpectOk(world_.AddSwitch(node), "switch " + node);
  node_sids_.emplace(node, static_cast<uint32_t>(node_sids_.size() + 1));
  Put(node, NodeObjectOf(node));
}

void TestCarrier::AddLink(const std::string& a, const std::string& b, const std::string& suffix) {
  const std::string there = a + "-" + b + suffix;
  const std::string back = b + "-" + a + suffix;
  ExpectOk(world_.AddWire({a, there}, {b, back}), "wire " + there);
  links_[there] = {a, b, back, next_adjacency_++};
  links_[back] = {b, a, there, next_adjacency_++};
  Put(a, LinkObjectOf(there));
  Put(b, LinkObjectOf(back));
}

void TestCarrier::AddLine(const std::vector<std::string>& nodes) {
  for (const std::string& node : nodes) AddSwitch(node);
  for (size_t i = 0; i + 1 < nodes.size(); ++i) AddLink(nodes[i], nodes[i + 1]);
}

void TestCarrier::PutRoutes() {
  for (const auto& [from, from_sid] : node_sids_) {
    for (const auto& [to, to_sid] : node_sids_) {
      const std::vector<std::string> path = ShortestPath(from, to);
      if (path.empty()) continue;
      Object object;
      object.mutable_route()->set_node_sid(to_sid);
      object.mutable_route()->add_links(path.front());
      Put(from, object);
    }
  }
}

void TestCarrier::AddHost(const std::string& host, const std::string& node) {
  ExpectOk(world_.AddHost(host, {node, "p-" + host}), "host " + host);
  hosts_[host] = {node, HostMac(static_cast<uint8_t>(hosts_.size() + 1)), {}};
}

Object TestCarrier::NodeObjectOf(const std::string& node) const {
  Object object;
  object.mutable_node()->set_node(node);
  object.mutable_node()->set_node_sid(node_sids_.at(node));
  const std::pair<uint32_t, uint32_t> queues[] = {{0, 0}, {5, 26}, {7, 46}};
  for (const auto& [queue, dscp] : queues) {
    auto& added = *object.mutable_node()->add_queues();
    added.set_queue(queue);
    added.add_dscp(dscp);
    added.set_permille(300);
  }
  return object;
}

Object TestCarrier::LinkObjectOf(const std::string& link) const {
  const Link& held = links_.at(link);
  Object object;
  object.mutable_link()->set_link(link);
  object.mutable_link()->set_interface(link);
  object.mutable_link()->set_adjacency_sid(held.adjacency);
  object.mutable_link()->set_reverse_sid(links_.at(held.reverse).adjacency);
  object.mutable_link()->set_neighbor_sid(node_sids_.at(held.to));
  object.mutable_link()->set_capacity_bps(10'000'000'000);
  return object;
}

southbound::v1::SegmentList TestCarrier::ListOf(const std::vector<std::string>& links,
                                                uint32_t weight, const PolicySpec& spec) const {
  southbound::v1::SegmentList list;
  for (const std::string& link : links) list.add_sids(Adjacency(link));
  list.set_weight(weight);
  if (spec.probe_interval_us == 0) return list;
  for (auto link = links.rbegin(); link != links.rend(); ++link) {
    list.add_probe_return_sids(Adjacency(links_.at(*link).reverse));
  }
  return list;
}

Object TestCarrier::PolicyObjectOf(const std::string&, const std::string& endpoint,
                                   const PolicySpec& spec) const {
  Object object;
  auto& policy = *object.mutable_policy();
  policy.set_color(spec.color);
  policy.set_endpoint_sid(Sid(endpoint));
  policy.set_dscp(spec.dscp);
  policy.set_probe_interval_us(spec.probe_interval_us);
  policy.set_wait_to_restore_ms(spec.wait_to_restore_ms);
  for (size_t i = 0; i < spec.working.size(); ++i) {
    *policy.add_working() =
        ListOf(spec.working[i], spec.weights.empty() ? 1 : spec.weights[i], spec);
  }
  if (!spec.protect.empty()) *policy.mutable_protect() = ListOf(spec.protect, 1, spec);
  return object;
}

Object TestCarrier::InstanceObjectOf(uint32_t vni, southbound::v1::InstanceType type,
                                     const std::vector<std::string>& remotes) const {
  Object object;
  object.mutable_instance()->set_vni(vni);
  object.mutable_instance()->set_type(type);
  for (const std::string& remote : remotes) object.mutable_instance()->add_remote_sids(Sid(remote));
  return object;
}

Object TestCarrier::AttachmentObjectOf(const std::string& host, uint32_t vni,
                                       const AttachmentSpec& spec) const {
  Object object;
  auto& attachment = *object.mutable_attachment();
  attachment.set_interface("p-" + host);
  attachment.set_vlan(spec.vlan);
  attachment.set_vni(vni);
  attachment.set_default_color(spec.default_color);
  attachment.set_leaf(spec.leaf);
  const auto add_pcp = [&attachment](uint32_t pcp, uint32_t color) {
    auto& entry = *attachment.add_classes();
    entry.set_pcp(pcp);
    entry.set_color(color);
  };
  // PCP entries on both sides of the DSCP ones: the order must not matter.
  auto pcp = spec.color_of_pcp.begin();
  if (pcp != spec.color_of_pcp.end()) add_pcp(pcp->first, pcp->second);
  for (const auto& [dscp, color] : spec.color_of_dscp) {
    auto& entry = *attachment.add_classes();
    entry.set_dscp(dscp);
    entry.set_color(color);
  }
  for (; pcp != spec.color_of_pcp.end(); ++pcp) {
    if (pcp != spec.color_of_pcp.begin()) add_pcp(pcp->first, pcp->second);
  }
  return object;
}

void TestCarrier::Put(const std::string& node, const Object& object) {
  ExpectOk(world_.At(node).Put(object), node + " put " + object.ShortDebugString());
  objects_[node][ObjectKey(object)] = object;
}

void TestCarrier::Remove(const std::string& node, const Object& object) {
  ExpectOk(world_.At(node).Remove(object), node + " remove " + object.ShortDebugString());
  objects_[node].erase(ObjectKey(object));
}

void TestCarrier::PutPolicy(const std::string& head, const std::string& endpoint,
                            const PolicySpec& spec) {
  Put(head, PolicyObjectOf(head, endpoint, spec));
}

void TestCarrier::PutMesh(uint32_t color, uint32_t dscp, const std::vector<std::string>& nodes) {
  for (const std::string& from : nodes) {
    for (const std::string& to : nodes) {
      if (from == to) continue;
      PutPolicy(from, to, {.color = color, .dscp = dscp, .working = {ShortestPath(from, to)}});
    }
  }
}

void TestCarrier::PutService(uint32_t vni, southbound::v1::InstanceType type,
                             const std::vector<std::string>& hosts, const AttachmentSpec& spec) {
  std::set<std::string> nodes;
  for (const std::string& host : hosts) nodes.insert(hosts_.at(host).node);
  for (const std::string& node : nodes) {
    std::vector<std::string> remotes(nodes.begin(), nodes.end());
    std::erase(remotes, node);
    Put(node, InstanceObjectOf(vni, type, remotes));
  }
  for (const std::string& host : hosts) {
    Put(hosts_.at(host).node, AttachmentObjectOf(host, vni, spec));
  }
}

std::vector<Object> TestCarrier::Expected(const std::string& node) const {
  std::vector<Object> ordered;
  for (const auto& [key, object] : objects_.at(node)) ordered.push_back(object);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const Object& a, const Object& b) { return a.kind_case() < b.kind_case(); });
  return ordered;
}

// Breadth first; among equals the first by name.
std::vector<std::string> TestCarrier::ShortestPath(const std::string& from,
                                                   const std::string& to) const {
  std::map<std::string, std::vector<std::string>> paths = {{from, {}}};
  std::deque<std::string> frontier = {from};
  while (!frontier.empty()) {
    const std::string at = frontier.front();
    frontier.pop_front();
    if (at == to) return paths[at];
    for (const auto& [name, link] : links_) {
      if (link.from != at || paths.contains(link.to)) continue;
      paths[link.to] = paths[at];
      paths[link.to].push_back(name);
      frontier.push_back(link.to);
    }
  }
  return {};
}

std::string TestCarrier::Send(const std::string& from, const std::string& to, FrameSpec spec) {
  spec.to = Mac(to);
  return SendTo(from, std::move(spec));
}

std::string TestCarrier::SendTo(const std::string& from, FrameSpec spec) {
  // Fixed width: no text is part of another.
  spec.text = "wm-conformance-" + std::to_string(100'000 + next_text_++);
  if (spec.from.empty()) spec.from = Mac(from);
  SendRaw(from, MakeFrame(spec));
  return spec.text;
}

void TestCarrier::SendRaw(const std::string& from, const std::string& frame) {
  ExpectOk(world_.Send(from, frame), "send at " + from);
}

std::vector<std::string> TestCarrier::Seen(const std::string& host, const std::string& text) {
  std::vector<std::string>& frames = hosts_.at(host).frames;
  for (std::string& frame : world_.Receive(host)) frames.push_back(std::move(frame));
  std::vector<std::string> found;
  for (const std::string& frame : frames) {
    if (frame.find(text) != std::string::npos) found.push_back(frame);
  }
  return found;
}

bool TestCarrier::Arrives(const std::string& host, const std::string& text) {
  return world_.WaitFor([&] { return !Seen(host, text).empty(); }, kDeadline);
}

bool TestCarrier::Absent(const std::string& host, const std::string& text) {
  world_.Drain();
  return Seen(host, text).empty();
}

std::map<std::string, uint64_t> TestCarrier::Counters() {
  std::map<std::string, uint64_t> packets;
  for (const auto& [name, link] : links_) packets[name] = world_.TxPackets({link.from, name});
  return packets;
}

std::map<std::string, uint64_t> TestCarrier::Crossed(const std::function<void()>& action) {
  world_.Drain();
  const std::map<std::string, uint64_t> before = Counters();
  action();
  world_.Drain();
  std::map<std::string, uint64_t> crossed;
  for (const auto& [link, packets] : Counters()) {
    if (packets > before.at(link)) crossed[link] = packets - before.at(link);
  }
  return crossed;
}

std::set<std::string> TestCarrier::PathTaken(const std::string& from, const std::string& to,
                                             const FrameSpec& spec) {
  bool arrived = false;
  const std::map<std::string, uint64_t> crossed =
      Crossed([&] { arrived = Arrives(to, Send(from, to, spec)); });
  std::set<std::string> links;
  for (const auto& [link, packets] : crossed) {
    EXPECT_EQ(packets, 1u) << link;
    if (arrived) links.insert(link);
  }
  return links;
}

void TestCarrier::Acquaint(const std::string& one, const std::string& other,
                           const FrameSpec& spec) {
  EXPECT_TRUE(Arrives(other, SendTo(one, spec))) << one << " -> " << other;
  EXPECT_TRUE(Arrives(one, SendTo(other, spec))) << other << " -> " << one;
  world_.Drain();
}

}  // namespace waymark
