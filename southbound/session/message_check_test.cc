#include "southbound/session/message_check.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>

namespace waymark {
namespace {

using southbound::v1::AgentMessage;
using southbound::v1::Hello;

Hello SoundHello() {
  Hello hello;
  hello.set_node("zrh1");
  hello.set_instance("0123456789abcdef");
  hello.set_version("1.0");
  hello.set_dataplane("sim");
  return hello;
}

struct HelloCase {
  const char* name;
  std::function<void(Hello*)> spoil;
  const char* want;
};

TEST(CheckHello, NamesTheField) {
  const HelloCase cases[] = {
      {"no node", [](Hello* h) { h->clear_node(); }, "hello.node"},
      {"5 MB node", [](Hello* h) { h->set_node(std::string(5 << 20, 'x')); }, "hello.node"},
      {"node with a line feed", [](Hello* h) { h->set_node("a\nb"); }, "hello.node"},
      {"no instance", [](Hello* h) { h->clear_instance(); }, "hello.instance"},
      {"long version", [](Hello* h) { h->set_version(std::string(200, 'v')); }, "hello.version"},
      {"data plane with a space", [](Hello* h) { h->set_dataplane("a b"); }, "hello.dataplane"},
      {"negative count", [](Hello* h) { h->set_object_count(-1); }, "hello.object_count"},
      {"negative revision", [](Hello* h) { h->set_last_revision(-1); }, "hello.last_revision"},
      {"long link in an event",
       [](Hello* h) { h->add_observed()->mutable_link()->set_link(std::string(129, 'l')); },
       "event.link.link"},
  };
  EXPECT_TRUE(CheckHello(SoundHello()).ok());
  for (const HelloCase& c : cases) {
    Hello hello = SoundHello();
    c.spoil(&hello);
    const absl::Status status = CheckHello(hello);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.name;
    EXPECT_NE(status.ToString().find(c.want), std::string::npos) << c.name << ": " << status;
  }
}

struct MessageCase {
  const char* name;
  std::function<void(AgentMessage*)> make;
  const char* want;  // Null: accepted.
};

TEST(CheckAgentMessage, NamesTheField) {
  const MessageCase cases[] = {
      {"nothing", [](AgentMessage*) {}, nullptr},
      {"second hello", [](AgentMessage* m) { m->mutable_hello(); }, "second hello"},
      {"sound result",
       [](AgentMessage* m) {
         m->mutable_batch_result()->add_results()->set_status(southbound::v1::FIB_ACKED);
       },
       nullptr},
      {"1,001 results",
       [](AgentMessage* m) {
         for (int i = 0; i < 1'001; ++i) m->mutable_batch_result()->add_results();
       },
       "batch_result.results has 1001"},
      {"result without a status", [](AgentMessage* m) { m->mutable_batch_result()->add_results(); },
       "status is 0"},
      {"unknown status",
       [](AgentMessage* m) {
         m->mutable_batch_result()->add_results()->set_status(
             static_cast<southbound::v1::ResultStatus>(77));
       },
       "status is 77"},
      {"long error",
       [](AgentMessage* m) {
         auto* result = m->mutable_batch_result()->add_results();
         result->set_status(southbound::v1::REJECTED);
         result->set_error(std::string(5'000, 'e'));
       },
       "results.error"},
      {"long key",
       [](AgentMessage* m) {
         m->mutable_get_response()->add_hashes()->set_key(std::string(300, 'k'));
       },
       "hashes.key"},
      {"many buckets",
       [](AgentMessage* m) {
         m->mutable_get_response()->mutable_bucket_digests()->Resize(65'537, 1);
       },
       "bucket_digests has 65537"},
      {"many lists",
       [](AgentMessage* m) {
         for (int i = 0; i < 65; ++i) m->mutable_event()->mutable_policy()->add_working_up(true);
       },
       "working_up has 65"},
      {"event of an object without a status",
       [](AgentMessage* m) { m->mutable_event()->mutable_object()->set_key("link:a"); },
       "event.object.status"},
      {"flush error of 5 kB",
       [](AgentMessage* m) { m->mutable_flush_result()->set_error(std::string(5'000, 'e')); },
       "flush_result.error"},
  };
  for (const MessageCase& c : cases) {
    AgentMessage message;
    c.make(&message);
    const absl::Status status = CheckAgentMessage(message);
    if (c.want == nullptr) {
      EXPECT_TRUE(status.ok()) << c.name << ": " << status;
      continue;
    }
    EXPECT_NE(status.ToString().find(c.want), std::string::npos) << c.name << ": " << status;
  }
}

// Whatever parses is judged, never trusted: the check itself must stand every message.
TEST(CheckAgentMessage, StandsMutatedMessages) {
  AgentMessage hello, result, event, response;
  *hello.mutable_hello() = SoundHello();
  hello.mutable_hello()->add_observed()->mutable_policy()->add_working_up(true);
  auto* one = result.mutable_batch_result()->add_results();
  one->set_id(5);
  one->set_status(southbound::v1::REJECTED);
  one->set_error("no such link");
  event.mutable_event()->mutable_object()->set_key("policy:1:2");
  event.mutable_event()->mutable_object()->set_status(southbound::v1::FIB_ACKED);
  response.mutable_get_response()->add_hashes()->set_key("link:a");
  response.mutable_get_response()->add_drifted("link:b");
  const std::string seeds[] = {hello.SerializeAsString(), result.SerializeAsString(),
                               event.SerializeAsString(), response.SerializeAsString()};
  std::mt19937_64 random(7);
  int parsed = 0, refused = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string bytes = seeds[random() % 4];
    for (size_t edits = 1 + random() % 5; edits > 0 && !bytes.empty(); --edits) {
      const size_t at = random() % bytes.size();
      switch (random() % 3) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.resize(at);
          break;
        default:
          bytes.insert(at, bytes.substr(0, random() % 30));
      }
    }
    AgentMessage message;
    if (!message.ParseFromString(bytes)) continue;
    ++parsed;
    const absl::Status status =
        message.has_hello() ? CheckHello(message.hello()) : CheckAgentMessage(message);
    if (!status.ok()) ++refused;
  }
  EXPECT_GT(parsed, 1'000);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace waymark
