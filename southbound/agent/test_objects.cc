#include "southbound/agent/test_objects.h"

namespace waymark {

using southbound::v1::Object;

Object TestNode(const std::string& node) {
  Object object;
  object.mutable_node()->set_node(node);
  object.mutable_node()->set_node_sid(1);
  auto* queue = object.mutable_node()->add_queues();
  queue->set_queue(7);
  queue->add_dscp(46);
  queue->set_permille(200);
  return object;
}

Object TestLink(const std::string& id) {
  Object object;
  auto* link = object.mutable_link();
  link->set_link(id);
  link->set_interface("if-" + id);
  link->set_adjacency_sid(0x8001 + static_cast<uint32_t>(id[0] - 'a'));
  link->set_reverse_sid(0x9001 + static_cast<uint32_t>(id[0] - 'a'));
  link->set_neighbor_sid(2);
  link->set_capacity_bps(1'000'000'000);
  return object;
}

Object TestRoute(uint32_t sid, std::initializer_list<const char*> links) {
  Object object;
  object.mutable_route()->set_node_sid(sid);
  for (const char* link : links) object.mutable_route()->add_links(link);
  return object;
}

Object TestPolicy(uint32_t color, uint32_t endpoint, uint32_t first_sid) {
  Object object;
  auto* policy = object.mutable_policy();
  policy->set_color(color);
  policy->set_endpoint_sid(endpoint);
  policy->set_dscp(46);
  auto* list = policy->add_working();
  list->add_sids(first_sid);
  list->add_sids(0xa001);
  list->set_weight(1);
  return object;
}

Object TestInstance(uint32_t vni) {
  Object object;
  object.mutable_instance()->set_vni(vni);
  object.mutable_instance()->set_type(southbound::v1::INSTANCE_E_LAN);
  object.mutable_instance()->add_remote_sids(2);
  return object;
}

Object TestAttachment(const std::string& interface, uint32_t vlan, uint32_t vni) {
  Object object;
  auto* attachment = object.mutable_attachment();
  attachment->set_interface(interface);
  attachment->set_vlan(vlan);
  attachment->set_vni(vni);
  auto* entry = attachment->add_classes();
  entry->set_dscp(46);
  entry->set_color(0x101);
  return object;
}

TestBatch::TestBatch(uint64_t id, int64_t revision, uint64_t first_id) : next_id_(first_id) {
  batch.set_id(id);
  batch.set_revision(revision);
}

TestBatch& TestBatch::Put(const Object& object) {
  auto* operation = batch.add_operations();
  operation->set_id(next_id_++);
  *operation->mutable_put() = object;
  return *this;
}

TestBatch& TestBatch::Delete(const std::string& key) {
  auto* operation = batch.add_operations();
  operation->set_id(next_id_++);
  operation->set_delete_(key);
  return *this;
}

}  // namespace waymark
