#include "southbound/agent/validate.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "southbound/agent/test_objects.h"

namespace waymark {
namespace {

using southbound::v1::Object;

struct Case {
  const char* name;
  Object object;
  std::function<void(Object*)> spoil;
  // Part of the message; null: must be accepted.
  const char* want;
};

void PrintTo(const Case& test_case, std::ostream* out) { *out << test_case.name; }

const auto kLongName = std::string(5 << 20, 'x');

std::vector<Case> NodeCases() {
  const Object node = TestNode();
  return {
      {"sound", node, [](Object*) {}, nullptr},
      {"other node", node, [](Object* o) { o->mutable_node()->set_node("fra1"); }, "node.node"},
      {"5 MB name", node, [](Object* o) { o->mutable_node()->set_node(kLongName); }, "node.node"},
      {"sid 0", node, [](Object* o) { o->mutable_node()->set_node_sid(0); }, "node.node_sid is 0"},
      {"sid of a link", node, [](Object* o) { o->mutable_node()->set_node_sid(0x8000); },
       "1..32767"},
      {"queue 8", node, [](Object* o) { o->mutable_node()->mutable_queues(0)->set_queue(8); },
       "node.queues[0].queue"},
      {"queue twice", node, [](Object* o) { o->mutable_node()->add_queues()->set_queue(7); },
       "occurs twice"},
      {"dscp 64", node, [](Object* o) { o->mutable_node()->mutable_queues(0)->add_dscp(64); },
       "dscp is 64"},
      {"dscp twice", node, [](Object* o) { o->mutable_node()->mutable_queues(0)->add_dscp(46); },
       "has 46 twice"},
      {"permille 1001", node,
       [](Object* o) { o->mutable_node()->mutable_queues(0)->set_permille(1001); }, "permille"},
      {"permille in all", node,
       [](Object* o) { o->mutable_node()->add_queues()->set_permille(900); }, "permille in all"},
      {"nine queues", node,
       [](Object* o) {
         for (int i = 0; i < 8; ++i) o->mutable_node()->add_queues();
       },
       "node.queues has 9"},
  };
}

std::vector<Case> LinkCases() {
  const Object link = TestLink("a");
  return {
      {"sound", link, [](Object*) {}, nullptr},
      {"one-way", link, [](Object* o) { o->mutable_link()->set_reverse_sid(0); }, nullptr},
      {"no id", link, [](Object* o) { o->mutable_link()->set_link(""); }, "link.link"},
      {"id with a line feed", link, [](Object* o) { o->mutable_link()->set_link("a\nb"); },
       "link.link"},
      {"5 MB id", link, [](Object* o) { o->mutable_link()->set_link(kLongName); }, "link.link"},
      {"16 characters", link,
       [](Object* o) { o->mutable_link()->set_interface("abcdefghijklmnop"); }, "link.interface"},
      {"interface with a slash", link, [](Object* o) { o->mutable_link()->set_interface("../x"); },
       "link.interface"},
      {"interface ..", link, [](Object* o) { o->mutable_link()->set_interface(".."); },
       "link.interface"},
      {"interface with a space", link, [](Object* o) { o->mutable_link()->set_interface("a b"); },
       "link.interface"},
      {"adjacency of a node", link, [](Object* o) { o->mutable_link()->set_adjacency_sid(5); },
       "link.adjacency_sid is 5"},
      {"adjacency of 17 bits", link,
       [](Object* o) { o->mutable_link()->set_adjacency_sid(0x10000); }, "link.adjacency_sid"},
      {"reverse of a node", link, [](Object* o) { o->mutable_link()->set_reverse_sid(5); },
       "link.reverse_sid"},
      {"reverse is itself", link, [](Object* o) { o->mutable_link()->set_reverse_sid(0x8001); },
       "equals adjacency_sid"},
      {"neighbour 0", link, [](Object* o) { o->mutable_link()->set_neighbor_sid(0); },
       "link.neighbor_sid"},
      {"capacity 0", link, [](Object* o) { o->mutable_link()->set_capacity_bps(0); },
       "link.capacity_bps is 0"},
      {"capacity negative", link, [](Object* o) { o->mutable_link()->set_capacity_bps(-1); },
       "link.capacity_bps is -1"},
  };
}

std::vector<Case> RouteAndPolicyCases() {
  const Object route = TestRoute(2, {"a", "b"});
  Object policy = TestPolicy(0x101, 2, 0x8001);
  const auto edit = [](auto change) {
    return [change](Object* o) { change(o->mutable_policy()); };
  };
  return {
      {"sound route", route, [](Object*) {}, nullptr},
      {"route to sid 0", route, [](Object* o) { o->mutable_route()->set_node_sid(0); },
       "route.node_sid"},
      {"no link", route, [](Object* o) { o->mutable_route()->clear_links(); }, "route.links has 0"},
      {"link twice", route, [](Object* o) { o->mutable_route()->add_links("a"); }, "a twice"},
      {"17 links", route,
       [](Object* o) {
         for (int i = 0; i < 15; ++i) o->mutable_route()->add_links("l" + std::to_string(i));
       },
       "has 17"},
      {"sound policy", policy, [](Object*) {}, nullptr},
      {"no working list", policy, edit([](auto* p) { p->clear_working(); }), nullptr},
      {"endpoint of a link", policy, edit([](auto* p) { p->set_endpoint_sid(0x8001); }),
       "policy.endpoint_sid"},
      {"dscp 64", policy, edit([](auto* p) { p->set_dscp(64); }), "policy.dscp is 64"},
      {"empty list", policy, edit([](auto* p) { p->mutable_working(0)->clear_sids(); }),
       "policy.working[0].sids has 0"},
      {"65 sids", policy, edit([](auto* p) {
         for (int i = 0; i < 63; ++i) p->mutable_working(0)->add_sids(1);
       }),
       "has 65"},
      {"sid 0", policy, edit([](auto* p) { p->mutable_working(0)->add_sids(0); }),
       "policy.working[0].sids[2] is 0"},
      {"first sid of a node", policy, edit([](auto* p) { p->mutable_working(0)->set_sids(0, 7); }),
       "policy.working[0].sids[0] is 7"},
      {"weight 0", policy, edit([](auto* p) { p->mutable_working(0)->set_weight(0); }),
       "weight is 0"},
      {"weight 256", policy, edit([](auto* p) { p->mutable_working(0)->set_weight(256); }),
       "weight is 256"},
      {"way back with sid 0", policy,
       edit([](auto* p) { p->mutable_working(0)->add_probe_return_sids(0); }),
       "probe_return_sids[0]"},
      {"empty protect", policy, edit([](auto* p) { p->mutable_protect(); }), "policy.protect.sids"},
      {"65 lists", policy, edit([](auto* p) {
         const auto list = p->working(0);
         for (int i = 0; i < 64; ++i) *p->add_working() = list;
       }),
       "policy.working has 65"},
      {"probes too fast", policy, edit([](auto* p) { p->set_probe_interval_us(999); }),
       "policy.probe_interval_us"},
      {"restore too late", policy, edit([](auto* p) { p->set_wait_to_restore_ms(3'600'001); }),
       "policy.wait_to_restore_ms"},
  };
}

std::vector<Case> ServiceCases() {
  const Object instance = TestInstance(100);
  const Object port = TestAttachment("c1", 0, 100);
  return {
      {"no kind", Object(), [](Object*) {}, "object.kind"},
      {"sound instance", instance, [](Object*) {}, nullptr},
      {"vni 0", instance, [](Object* o) { o->mutable_instance()->set_vni(0); }, "instance.vni"},
      {"vni of 25 bits", instance, [](Object* o) { o->mutable_instance()->set_vni(1 << 24); },
       "instance.vni"},
      {"no type", instance,
       [](Object* o) {
         o->mutable_instance()->set_type(southbound::v1::INSTANCE_TYPE_UNSPECIFIED);
       },
       "instance.type is 0"},
      {"unknown type", instance,
       [](Object* o) {
         o->mutable_instance()->set_type(static_cast<southbound::v1::InstanceType>(9));
       },
       "instance.type is 9"},
      {"remote twice", instance, [](Object* o) { o->mutable_instance()->add_remote_sids(2); },
       "has 2 twice"},
      {"remote of a link", instance,
       [](Object* o) { o->mutable_instance()->add_remote_sids(0x8001); }, "instance.remote_sids"},
      {"E-Line with two remotes", instance,
       [](Object* o) {
         o->mutable_instance()->set_type(southbound::v1::INSTANCE_E_LINE);
         o->mutable_instance()->add_remote_sids(3);
       },
       "instance.remote_sids has 2"},
      {"sound port", port, [](Object*) {}, nullptr},
      {"vlan 4095", port, [](Object* o) { o->mutable_attachment()->set_vlan(4095); },
       "attachment.vlan is 4095"},
      {"port without a name", port, [](Object* o) { o->mutable_attachment()->set_interface(""); },
       "attachment.interface"},
      {"port vni 0", port, [](Object* o) { o->mutable_attachment()->set_vni(0); },
       "attachment.vni"},
      {"dscp 64", port, [](Object* o) { o->mutable_attachment()->add_classes()->set_dscp(64); },
       "attachment.classes[1].dscp"},
      {"pcp 8", port, [](Object* o) { o->mutable_attachment()->add_classes()->set_pcp(8); },
       "attachment.classes[1].pcp"},
      {"mark twice", port, [](Object* o) { o->mutable_attachment()->add_classes()->set_dscp(46); },
       "mark given twice"},
      {"pcp twice", port,
       [](Object* o) {
         o->mutable_attachment()->add_classes()->set_pcp(5);
         o->mutable_attachment()->add_classes()->set_pcp(5);
       },
       "classes[2].pcp is a mark given twice"},
      {"no mark", port, [](Object* o) { o->mutable_attachment()->add_classes()->set_color(1); },
       "has no mark"},
      {"73 marks", port,
       [](Object* o) {
         for (int i = 0; i < 72; ++i) o->mutable_attachment()->add_classes();
       },
       "attachment.classes has 73"},
  };
}

class ValidateForm_ : public testing::TestWithParam<Case> {};

TEST_P(ValidateForm_, AcceptsOrNamesTheField) {
  Object object = GetParam().object;
  GetParam().spoil(&object);
  const absl::Status status = ValidateForm(object, "zrh1");
  if (GetParam().want == nullptr) {
    EXPECT_TRUE(status.ok()) << status;
    return;
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(status.message()).find(GetParam().want), std::string::npos) << status;
  EXPECT_LT(status.message().size(), 400u);
}

INSTANTIATE_TEST_SUITE_P(Node, ValidateForm_, testing::ValuesIn(NodeCases()));
INSTANTIATE_TEST_SUITE_P(Link, ValidateForm_, testing::ValuesIn(LinkCases()));
INSTANTIATE_TEST_SUITE_P(RouteAndPolicy, ValidateForm_, testing::ValuesIn(RouteAndPolicyCases()));
INSTANTIATE_TEST_SUITE_P(Service, ValidateForm_, testing::ValuesIn(ServiceCases()));

// Calls visit(message, name) for `message` and all within it that is a message.
void EachMessage(google::protobuf::Message* message, const std::string& name,
                 const std::function<void(google::protobuf::Message*, const std::string&)>& visit) {
  visit(message, name);
  const auto* reflection = message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const auto* field = message->GetDescriptor()->field(i);
    if (field->message_type() == nullptr) continue;
    const std::string inner = (name == "object" ? "" : name + ".") + std::string(field->name());
    if (!field->is_repeated()) {
      if (!reflection->HasField(*message, field)) continue;
      EachMessage(reflection->MutableMessage(message, field), inner, visit);
      continue;
    }
    for (int j = 0; j < reflection->FieldSize(*message, field); ++j) {
      EachMessage(reflection->MutableRepeatedMessage(message, field, j),
                  inner + "[" + std::to_string(j) + "]", visit);
    }
  }
}

// As a newer controller would send it, in each place that there is.
TEST(ValidateFormTest, AFieldThatIsNotKnownIsRefusedAndNamed) {
  Object policy = TestPolicy(7, 2, 0x8001);
  *policy.mutable_policy()->mutable_protect() = policy.policy().working(0);
  Object attachment = TestAttachment("c1", 0, 100);
  if (attachment.attachment().classes().empty()) {
    attachment.mutable_attachment()->add_classes()->set_dscp(46);
  }
  std::set<std::string> reached;
  for (const Object& sound :
       {TestNode(), TestLink("a"), TestRoute(2, {"a"}), policy, TestInstance(100), attachment}) {
    ASSERT_TRUE(ValidateForm(sound, "zrh1").ok());
    Object object = sound;
    EachMessage(&object, "object", [&](google::protobuf::Message* inner, const std::string& name) {
      reached.insert(inner->GetDescriptor()->name());
      auto* unknown = inner->GetReflection()->MutableUnknownFields(inner);
      unknown->AddVarint(77, 1);
      const absl::Status status = ValidateForm(object, "zrh1");
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
      EXPECT_NE(std::string(status.message()).find(name + " has field 77"), std::string::npos)
          << name << ": " << status;
      unknown->Clear();
    });
  }
  // Whoever adds a message adds it here and to the check.
  std::set<std::string> all;
  std::vector<const google::protobuf::Descriptor*> left = {Object::descriptor()};
  while (!left.empty()) {
    const auto* type = left.back();
    left.pop_back();
    if (!all.insert(type->name()).second) continue;
    for (int i = 0; i < type->field_count(); ++i) {
      if (type->field(i)->message_type() != nullptr) left.push_back(type->field(i)->message_type());
    }
  }
  EXPECT_EQ(reached, all);
}

TEST(ValidateKey, TakesKnownKindsOfBoundedLength) {
  for (const char* key :
       {"node:", "link:a", "route:7", "policy:1:2", "instance:9", "attachment:c1:0"}) {
    EXPECT_TRUE(ValidateKey(key).ok()) << key;
  }
  for (const std::string& key : {std::string(), std::string("link"), std::string("lsp:1"),
                                 std::string("link:a\nb"), "link:" + kLongName}) {
    EXPECT_FALSE(ValidateKey(key).ok()) << key.substr(0, 40);
  }
}

}  // namespace
}  // namespace waymark
