#include "southbound/agent/agent_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "southbound/agent/core_fixture.h"
#include "southbound/agent/get_chunks.h"
#include "southbound/agent/validate.h"

namespace waymark {
namespace {

using southbound::v1::Batch;
using southbound::v1::BatchResult;
using southbound::v1::ControllerMessage;
using southbound::v1::FIB_ACKED;
using southbound::v1::REJECTED;
using southbound::v1::RIB_ACKED;
using southbound::v1::UNDONE;
using ::testing::HasSubstr;

class AgentCoreTest : public CoreFixture {
 protected:
  void SetUp() override {
    CoreFixture::SetUp();
    ASSERT_TRUE(StartAgent().ok());
    core_->OnOpen();
    SendBase();
  }
};

TEST_F(AgentCoreTest, AppliesInOrderAndAcknowledgesEachOperation) {
  TestBatch batch(2, 11, 10);
  batch.Put(TestRoute(2, {"a"})).Put(TestPolicy(7, 2, 0x8001)).Delete("route:99");
  const BatchResult result = Send(batch.batch);
  EXPECT_EQ(result.batch_id(), 2u);
  EXPECT_EQ(Statuses(result), (std::vector<int>{FIB_ACKED, FIB_ACKED, FIB_ACKED}));
  EXPECT_EQ(result.results(2).id(), 12u);
  EXPECT_EQ(result.digest(), core_->rib().table().digest());
  EXPECT_EQ(dataplane_.calls, (std::vector<std::string>{"put route:2", "put policy:7:2"}));
  EXPECT_EQ(core_->mark().last_revision, 11);
  EXPECT_EQ(Metric("waymark_agent_operations_total{result=\"fib_acked\"}"), 7);
}

TEST_F(AgentCoreTest, UndoesInReverseWhenTheDataPlaneRefuses) {
  const uint64_t digest = core_->rib().table().digest();
  const auto held = dataplane_.held.size();
  dataplane_.failures["policy:7:2"] = absl::InternalError("no memory");
  auto link = TestLink("a");
  link.mutable_link()->set_capacity_bps(5);
  TestBatch batch(2, 11, 10);
  batch.Put(link).Put(TestRoute(2, {"a"})).Delete("instance:100");
  batch.Put(TestPolicy(7, 2, 0x8001)).Put(TestRoute(3, {"b"}));
  const BatchResult result = Send(batch.batch);
  EXPECT_EQ(Statuses(result), (std::vector<int>{UNDONE, UNDONE, UNDONE, REJECTED, UNDONE}));
  EXPECT_EQ(result.results(3).error(), "no memory");
  EXPECT_EQ(result.digest(), digest);
  EXPECT_EQ(dataplane_.calls,
            (std::vector<std::string>{"put link:a", "put route:2", "remove instance:100",
                                      "put instance:100", "remove route:2", "put link:a"}));
  EXPECT_EQ(dataplane_.held.size(), held);
  EXPECT_EQ(dataplane_.held["link:a"].link().capacity_bps(), 1'000'000'000);
  EXPECT_EQ(core_->mark().last_revision, 10);
  EXPECT_EQ(Metric("waymark_agent_batches_total{result=\"rejected\"}"), 1);
}

TEST_F(AgentCoreTest, AnInvalidOperationTouchesNothing) {
  TestBatch batch(2, 11, 10);
  batch.Put(TestRoute(2, {"a"})).Put(TestRoute(3, {"nowhere"}));
  const BatchResult result = Send(batch.batch);
  EXPECT_EQ(Statuses(result), (std::vector<int>{UNDONE, REJECTED}));
  EXPECT_NE(result.results(1).error().find("nowhere"), std::string::npos);
  EXPECT_TRUE(dataplane_.calls.empty());
  EXPECT_EQ(core_->rib().Find("route:2"), nullptr);
}

TEST_F(AgentCoreTest, ADeleteThatWouldOrphanIsRejectedButAnyOrderWithinABatchIsTaken) {
  EXPECT_EQ(Statuses(Send(TestBatch(2, 11, 10).Put(TestRoute(2, {"a"})).batch)),
            std::vector<int>{FIB_ACKED});
  const BatchResult orphan = Send(TestBatch(3, 12, 20).Delete("link:a").batch);
  EXPECT_EQ(Statuses(orphan), std::vector<int>{REJECTED});
  EXPECT_NE(orphan.results(0).error().find("route:2"), std::string::npos);
  EXPECT_EQ(dataplane_.held.count("link:a"), 1u);
  EXPECT_EQ(Statuses(Send(TestBatch(4, 12, 30).Delete("link:a").Delete("route:2").batch)),
            (std::vector<int>{FIB_ACKED, FIB_ACKED}));
}

struct Misuse {
  const char* name;
  std::function<void(Batch*)> spoil;
  uint64_t epoch;
  const char* want;
};
void PrintTo(const Misuse& misuse, std::ostream* out) { *out << misuse.name; }

class AgentMisuseTest : public CoreFixture, public testing::WithParamInterface<Misuse> {};

TEST_P(AgentMisuseTest, IsRejectedWithAReasonAndNothingElse) {
  directory_ = testing::TempDir() + "/misuse-" + std::to_string(getpid());
  std::filesystem::remove_all(directory_);
  ASSERT_TRUE(StartAgent().ok());
  core_->OnOpen();
  SendBase();
  const uint64_t digest = core_->rib().table().digest();
  const StateMark mark = core_->mark();
  Batch batch = TestBatch(2, 11, 10).Put(TestRoute(2, {"a"})).Put(TestRoute(3, {"b"})).batch;
  GetParam().spoil(&batch);
  const BatchResult result = Send(batch, GetParam().epoch);
  EXPECT_EQ(result.batch_id(), batch.id());
  ASSERT_GT(result.results_size(), 0);
  EXPECT_EQ(result.results_size(),
            std::min(batch.operations_size(), static_cast<int>(kMaxOperationsPerBatch)));
  bool named = false;
  for (const auto& one : result.results()) {
    EXPECT_TRUE(one.status() == REJECTED || one.status() == UNDONE) << one.status();
    named = named || one.error().find(GetParam().want) != std::string::npos;
  }
  EXPECT_TRUE(named) << result.results(0).error();
  EXPECT_EQ(core_->rib().table().digest(), digest);
  EXPECT_EQ(core_->mark(), mark);
  EXPECT_TRUE(dataplane_.calls.empty());
  // The next sound batch is taken.
  EXPECT_EQ(Statuses(Send(TestBatch(9, 11, 2'000'000).Put(TestRoute(2, {"a"})).batch)),
            std::vector<int>{FIB_ACKED});
}

INSTANTIATE_TEST_SUITE_P(
    All, AgentMisuseTest,
    testing::Values(
        Misuse{"no epoch", [](Batch*) {}, 0, "no epoch"},
        Misuse{"older revision", [](Batch* b) { b->set_revision(9); }, 1, "older than 10"},
        Misuse{"negative revision", [](Batch* b) { b->set_revision(-1); }, 1, "older than"},
        Misuse{"operation twice", [](Batch* b) { b->mutable_operations(1)->set_id(10); }, 1,
               "not above 10"},
        Misuse{"operation id of an earlier batch",
               [](Batch* b) { b->mutable_operations(0)->set_id(4); }, 1, "not above 4"},
        Misuse{"operation id 0", [](Batch* b) { b->mutable_operations(0)->set_id(0); }, 1,
               "not above"},
        Misuse{"operation without op", [](Batch* b) { b->mutable_operations(1)->clear_op(); }, 1,
               "neither put nor delete"},
        Misuse{"object of an unknown kind",
               [](Batch* b) { b->mutable_operations(1)->mutable_put()->clear_kind(); }, 1,
               "object.kind"},
        Misuse{"delete of no key", [](Batch* b) { b->mutable_operations(1)->set_delete_("x"); }, 1,
               "KIND:ID"},
        Misuse{"batch id of another", [](Batch* b) { b->set_id(1); }, 1, "batch.id 1"},
        Misuse{"1,001 operations",
               [](Batch* b) {
                 for (uint64_t id = 100; b->operations_size() < 1'001; ++id) {
                   b->add_operations()->set_id(id);
                 }
               },
               1, "1001 operations"},
        Misuse{"a million operations",
               [](Batch* b) {
                 for (uint64_t id = 100; b->operations_size() < 1'000'000; ++id) {
                   b->add_operations()->set_id(id);
                 }
               },
               1, "1000000 operations"}));

TEST_F(AgentCoreTest, ALowerEpochIsRefusedInEveryMessage) {
  EXPECT_EQ(Statuses(Send(TestBatch(2, 1, 10).Put(TestRoute(2, {"a"})).batch, 5)),
            std::vector<int>{FIB_ACKED});  // A new epoch's revisions may start lower.
  EXPECT_EQ(Statuses(Send(TestBatch(3, 11, 20).Put(TestRoute(3, {"a"})).batch, 4)),
            std::vector<int>{REJECTED});
  ControllerMessage message;
  message.set_epoch(4);
  message.mutable_get();
  EXPECT_NE(Send(message).get_response().error().find("epoch 4"), std::string::npos);
  message.mutable_flush();
  EXPECT_NE(Send(message).flush_result().error().find("epoch 4"), std::string::npos);
  EXPECT_EQ(core_->rib().table().size(), 5u);
  message.mutable_welcome();
  Send(message);
  ASSERT_EQ(link_.disconnects.size(), 1u);
  EXPECT_NE(link_.disconnects[0].ToString().find("lower than 5"), std::string::npos);
  ASSERT_TRUE(StartAgent().ok());
  EXPECT_EQ(core_->mark().highest_epoch, 5u) << "the epoch must outlive the process";
}

TEST_F(AgentCoreTest, ARepeatedBatchGetsTheSameAnswerAndIsNotAppliedAgain) {
  const Batch batch = TestBatch(2, 11, 10).Put(TestRoute(2, {"a"})).batch;
  const BatchResult first = Send(batch);
  ASSERT_EQ(Statuses(Send(TestBatch(3, 12, 20).Delete("route:2").batch)),
            std::vector<int>{FIB_ACKED});
  EXPECT_EQ(Send(batch).SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(core_->rib().Find("route:2"), nullptr);
  // In a new session the ids begin anew.
  core_->OnClose(absl::OkStatus());
  core_->OnOpen();
  EXPECT_EQ(Statuses(Send(TestBatch(2, 12, 10).Put(TestRoute(2, {"b"})).batch)),
            std::vector<int>{FIB_ACKED});
}

TEST_F(AgentCoreTest, RibAckIsRetriedOnALinkEventAndOnATimer) {
  dataplane_.failures["link:c"] = absl::UnavailableError("no interface if-c");
  dataplane_.failures["route:3"] = absl::UnavailableError("link c is not there");
  const BatchResult result =
      Send(TestBatch(2, 11, 10).Put(TestLink("c")).Put(TestRoute(3, {"c"})).batch);
  EXPECT_EQ(Statuses(result), (std::vector<int>{RIB_ACKED, RIB_ACKED}));
  EXPECT_EQ(result.results(0).error(), "no interface if-c");
  EXPECT_EQ(core_->pending().size(), 2u);
  loop_.Advance(absl::Seconds(5));
  EXPECT_TRUE(link_.events.empty());

  dataplane_.failures.erase("link:c");
  southbound::v1::Event up;
  up.mutable_link()->set_link("c");
  up.mutable_link()->set_up(true);
  dataplane_.sink(up);
  loop_.RunUntilIdle();
  ASSERT_EQ(link_.events.size(), 2u);
  EXPECT_TRUE(link_.events[0].link().up());
  EXPECT_EQ(link_.events[1].object().key(), "link:c");
  EXPECT_EQ(link_.events[1].object().status(), FIB_ACKED);

  dataplane_.failures.clear();
  loop_.Advance(absl::Seconds(2));
  EXPECT_EQ(link_.events.back().object().key(), "route:3");
  EXPECT_TRUE(core_->pending().empty());
  EXPECT_EQ(Metric("waymark_agent_objects_pending"), 0);
}

TEST_F(AgentCoreTest, AnUndoThatFailsIsRetried) {
  dataplane_.failures["route:3"] = absl::InternalError("no memory");
  dataplane_.failures["remove route:2"] = absl::InternalError("busy");
  TestBatch batch(2, 11, 10);
  batch.Put(TestRoute(2, {"a"})).Put(TestRoute(3, {"a"}));
  EXPECT_EQ(Statuses(Send(batch.batch)), (std::vector<int>{UNDONE, REJECTED}));
  EXPECT_EQ(core_->rib().Find("route:2"), nullptr);
  EXPECT_EQ(dataplane_.held.count("route:2"), 1u);
  ASSERT_EQ(core_->pending().count("route:2"), 1u);
  loop_.Advance(absl::Seconds(2));
  EXPECT_EQ(dataplane_.held.count("route:2"), 1u);
  dataplane_.failures.clear();
  loop_.Advance(absl::Seconds(2));
  EXPECT_EQ(dataplane_.held.count("route:2"), 0u);
  EXPECT_TRUE(core_->pending().empty());
}

TEST_F(AgentCoreTest, TheStateOfARepairedLinkIsToldAnew) {
  SendBase();
  dataplane_.held.erase("link:b");
  // It went up while nobody could tell.
  southbound::v1::Event event;
  event.mutable_link()->set_link("b");
  event.mutable_link()->set_up(true);
  dataplane_.observed = {event};
  link_.events.clear();
  loop_.Advance(options_.read_back_interval);
  const auto told = std::count_if(link_.events.begin(), link_.events.end(), [](const auto& one) {
    return one.has_link() && one.link().link() == "b" && one.link().up();
  });
  EXPECT_EQ(told, 1);
  // And of one that is put.
  link_.events.clear();
  Send(TestBatch(3, 12, 100).Put(TestLink("b")).batch);
  ASSERT_EQ(link_.events.size(), 1u);
  EXPECT_TRUE(link_.events[0].link().up());
}

TEST_F(AgentCoreTest, DriftIsRepairedReportedAndCounted) {
  dataplane_.held.erase("link:b");
  dataplane_.held["route:77"] = TestRoute(77, {"a"});
  loop_.Advance(absl::Seconds(31));
  EXPECT_EQ(dataplane_.held.count("link:b"), 1u);
  EXPECT_EQ(dataplane_.held.count("route:77"), 0u);
  ASSERT_EQ(link_.events.size(), 1u);
  EXPECT_EQ(link_.events[0].object().key(), "link:b");
  EXPECT_EQ(link_.events[0].object().status(), FIB_ACKED);
  EXPECT_EQ(Metric("waymark_agent_drift_total{outcome=\"repaired\"}"), 1);
  EXPECT_EQ(Metric("waymark_agent_drift_total{outcome=\"removed\"}"), 1);

  dataplane_.held.erase("link:b");
  dataplane_.failures["link:b"] = absl::UnavailableError("interface gone");
  loop_.Advance(absl::Seconds(30));
  EXPECT_EQ(link_.events.back().object().status(), RIB_ACKED);
  EXPECT_EQ(link_.events.back().object().detail(), "interface gone");
  dataplane_.failures.clear();
  loop_.Advance(absl::Seconds(2));
  EXPECT_EQ(link_.events.back().object().status(), FIB_ACKED);

  dataplane_.reconcile_failure = absl::InternalError("netlink");
  loop_.Advance(absl::Seconds(30));
  EXPECT_EQ(Metric("waymark_agent_read_back_errors_total"), 1);
}

TEST_F(AgentCoreTest, GetAnswersInChunksAndFromTheDataPlane) {
  ControllerMessage get;
  get.set_epoch(1);
  get.mutable_get()->set_hashes_only(true);
  auto response = Send(get).get_response();
  EXPECT_EQ(response.hashes_size(), 4);
  EXPECT_TRUE(response.last());
  uint64_t digest = 0;
  for (const auto& hash : response.hashes()) digest += DigestTerm(hash.key(), hash.hash());
  EXPECT_EQ(digest, core_->rib().table().digest());

  dataplane_.held.erase("link:b");
  dataplane_.held["route:77"] = TestRoute(77, {"a"});
  get.mutable_get()->set_from_dataplane(true);
  get.mutable_get()->set_hashes_only(false);
  response = Send(get).get_response();
  EXPECT_EQ(response.objects_size(), 4);
  EXPECT_EQ(std::vector<std::string>(response.drifted().begin(), response.drifted().end()),
            (std::vector<std::string>{"link:b", "route:77"}));
  EXPECT_EQ(dataplane_.held.count("link:b"), 0u) << "Get must not repair";

  dataplane_.reconcile_failure = absl::InternalError("netlink");
  EXPECT_NE(Send(get).get_response().error().find("netlink"), std::string::npos);
}

TEST_F(AgentCoreTest, GetAnswersByBucketAndRefusesWhatIsNone) {
  ControllerMessage get;
  get.set_epoch(1);
  get.mutable_get()->set_hashes_only(true);
  get.mutable_get()->set_buckets(4);
  auto response = Send(get).get_response();
  ASSERT_EQ(response.bucket_digests_size(), 4);
  EXPECT_TRUE(response.hashes().empty());
  uint32_t digest = 0;
  for (const uint32_t one : response.bucket_digests()) digest += one;
  EXPECT_EQ(digest, static_cast<uint32_t>(core_->rib().table().digest()));
  ControllerMessage finer = get;
  finer.mutable_get()->add_only(1);
  finer.mutable_get()->set_only_of(2);
  const auto halves = Send(finer).get_response();
  ASSERT_EQ(halves.bucket_digests_size(), 2);
  EXPECT_EQ(halves.bucket_digests(0), response.bucket_digests(1));
  EXPECT_EQ(halves.bucket_digests(1), response.bucket_digests(3));

  size_t hashes = 0;
  for (uint32_t bucket = 0; bucket < 4; ++bucket) {
    get.mutable_get()->clear_only();
    get.mutable_get()->add_only(bucket);
    const auto of_bucket = Send(get).get_response();
    uint32_t sum = 0;
    for (const auto& hash : of_bucket.hashes()) {
      EXPECT_EQ(BucketOf(hash.key(), 4), bucket);
      sum += static_cast<uint32_t>(DigestTerm(hash.key(), hash.hash()));
    }
    EXPECT_EQ(sum, response.bucket_digests(static_cast<int>(bucket)));
    hashes += of_bucket.hashes_size();
  }
  EXPECT_EQ(hashes, core_->rib().table().size());

  const auto error = [&](bool hashes_only, uint32_t buckets, std::vector<uint32_t> only) {
    get.mutable_get()->set_hashes_only(hashes_only);
    get.mutable_get()->set_buckets(buckets);
    get.mutable_get()->mutable_only()->Assign(only.begin(), only.end());
    const auto refused = Send(get).get_response();
    EXPECT_TRUE(refused.last());
    EXPECT_TRUE(refused.error().empty() || refused.hashes().empty());
    return refused.error();
  };
  EXPECT_THAT(error(false, 4, {}), HasSubstr("get.hashes_only"));
  EXPECT_THAT(error(true, 6, {}), HasSubstr("get.buckets is 6"));
  EXPECT_THAT(error(true, 1, {}), HasSubstr("get.buckets is 1"));
  EXPECT_THAT(error(true, 131'072, {}), HasSubstr("power of two from 2 to 65536"));
  EXPECT_THAT(error(true, 0, {0}), HasSubstr("get.buckets is 0"));
  EXPECT_THAT(error(true, 4, {1, 4}), HasSubstr("get.only[1] is 4"));
  EXPECT_THAT(error(true, 4, {2, 2}), HasSubstr("get.only[1] is 2"));
  EXPECT_EQ(error(true, 4, {1, 3}), "");
  get.mutable_get()->set_only_of(4);
  EXPECT_THAT(error(true, 4, {1, 3}), HasSubstr("get.only_of is 4"));
  EXPECT_THAT(error(true, 8, {}), HasSubstr("get.only_of is 4"));
  EXPECT_THAT(error(true, 8, {1, 4}), HasSubstr("must be under 4"));
  EXPECT_EQ(error(true, 8, {1, 3}), "");
}

TEST(GetChunks, FitTheWireAndLoseNothing) {
  ObjectTable table;
  for (uint32_t sid = 2; sid < 25'002; ++sid) table.Put(TestRoute(sid, {"a"}));
  southbound::v1::Get hashes;
  hashes.set_hashes_only(true);
  size_t count = 0, objects = 0;
  const auto by_hash = MakeGetChunks(table, hashes, {}, "");
  for (const auto& chunk : by_hash) {
    count += chunk.hashes_size();
    EXPECT_LT(chunk.ByteSizeLong(), 2u << 20);
    EXPECT_EQ(chunk.last(), &chunk == &by_hash.back());
  }
  for (const auto& chunk : MakeGetChunks(table, southbound::v1::Get(), {}, ""))
    objects += chunk.objects_size();
  EXPECT_GE(by_hash.size(), 3u);
  EXPECT_EQ(count, 25'000u);
  EXPECT_EQ(objects, 25'000u);
  EXPECT_TRUE(MakeGetChunks(ObjectTable(), hashes, {}, "x").at(0).last());
}

TEST_F(AgentCoreTest, FlushRemovesUsersFirstAndIsDurable) {
  ASSERT_EQ(Statuses(Send(TestBatch(2, 11, 10).Put(TestRoute(2, {"a"})).batch)),
            std::vector<int>{FIB_ACKED});
  dataplane_.calls.clear();
  ControllerMessage flush;
  flush.set_epoch(1);
  flush.mutable_flush();
  const auto result = Send(flush).flush_result();
  EXPECT_EQ(result.error(), "");
  EXPECT_EQ(result.digest(), 0u);
  EXPECT_EQ(dataplane_.calls.front(), "remove route:2");
  EXPECT_EQ(dataplane_.calls.back(), "remove node:");
  EXPECT_TRUE(dataplane_.held.empty());
  ASSERT_TRUE(StartAgent().ok());
  EXPECT_EQ(core_->rib().table().size(), 0u);
}

TEST_F(AgentCoreTest, HelloTellsAllThatTheControllerNeeds) {
  southbound::v1::Event event;
  event.mutable_link()->set_link("a");
  dataplane_.observed.push_back(event);
  dataplane_.failures["route:2"] = absl::UnavailableError("later");
  Send(TestBatch(2, 11, 10).Put(TestRoute(2, {"a"})).batch);
  const auto hello = core_->OnOpen();
  EXPECT_EQ(hello.node(), "zrh1");
  EXPECT_EQ(hello.dataplane(), "fake");
  EXPECT_EQ(hello.digest(), core_->rib().table().digest());
  EXPECT_EQ(hello.object_count(), 5);
  EXPECT_EQ(hello.highest_epoch(), 1u);
  EXPECT_EQ(hello.last_revision(), 11);
  EXPECT_NE(hello.persistence(), southbound::v1::PERSISTENCE_UNSPECIFIED);
  ASSERT_EQ(hello.observed_size(), 2);
  EXPECT_EQ(hello.observed(0).link().link(), "a");
  EXPECT_EQ(hello.observed(1).object().status(), RIB_ACKED);
}

TEST_F(AgentCoreTest, HelloNamesEveryPendingObjectAndNoneThatWasDoneMeanwhile) {
  const auto pending = [this] {
    std::vector<std::string> keys;
    const southbound::v1::Hello hello = core_->OnOpen();
    for (const auto& event : hello.observed()) {
      if (!event.has_object()) continue;
      EXPECT_EQ(event.object().status(), RIB_ACKED);
      keys.push_back(event.object().key() + " " + event.object().detail());
    }
    return keys;
  };
  dataplane_.failures["link:c"] = absl::UnavailableError("no if-c");
  dataplane_.failures["route:2"] = absl::UnavailableError("later");
  dataplane_.failures["remove link:b"] = absl::UnavailableError("busy");
  TestBatch batch(2, 11, 10);
  batch.Put(TestLink("c")).Put(TestRoute(2, {"a"})).Put(TestRoute(3, {"a"})).Delete("link:b");
  ASSERT_EQ(Statuses(Send(batch.batch)),
            (std::vector<int>{RIB_ACKED, RIB_ACKED, FIB_ACKED, RIB_ACKED}));
  EXPECT_EQ(pending(),
            (std::vector<std::string>{"link:b busy", "link:c no if-c", "route:2 later"}));

  // Away from the controller, by the timer and by the read-back.
  core_->OnClose(absl::UnavailableError("gone"));
  core_->SetLink(nullptr);
  dataplane_.failures.erase("link:c");
  dataplane_.failures.erase("remove link:b");
  loop_.Advance(absl::Seconds(2));
  EXPECT_EQ(pending(), std::vector<std::string>{"route:2 later"});
  dataplane_.held["route:2"] = TestRoute(2, {"a"});
  loop_.Advance(absl::Seconds(31));
  EXPECT_TRUE(pending().empty());
  // A restart finds anew what is pending.
  dataplane_.failures["link:c"] = absl::UnavailableError("no if-c");
  dataplane_.held.erase("link:c");
  ASSERT_TRUE(StartAgent().ok());
  EXPECT_EQ(pending(), std::vector<std::string>{"link:c no if-c"});
}

TEST_F(AgentCoreTest, PoliciesOnProtectAreCountedAndForgottenWithThePolicy) {
  Send(TestBatch(2, 11, 10).Put(TestPolicy(7, 2, 0x8001)).batch);
  southbound::v1::Event event;
  event.mutable_policy()->set_color(7);
  event.mutable_policy()->set_endpoint_sid(2);
  event.mutable_policy()->add_working_up(false);
  event.mutable_policy()->set_on_protect(true);
  dataplane_.sink(event);
  dataplane_.sink(event);
  loop_.RunUntilIdle();
  EXPECT_EQ(link_.events.size(), 1u) << "merged on the way";
  EXPECT_EQ(Metric("waymark_agent_policies_on_protect"), 1);
  EXPECT_EQ(Metric("waymark_agent_segment_lists_lost_total"), 1);
  Send(TestBatch(3, 11, 20).Delete("policy:7:2").batch);
  EXPECT_EQ(Metric("waymark_agent_policies_on_protect"), 0);
  dataplane_.sink(event);
  loop_.RunUntilIdle();
  EXPECT_EQ(Metric("waymark_agent_policies_on_protect"), 0);
  EXPECT_EQ(link_.events.size(), 1u);
}

TEST_F(AgentCoreTest, TheObjectLimitHoldsButReplacingIsAlwaysPossible) {
  options_.object_limit = 5;
  ASSERT_TRUE(StartAgent().ok());
  const BatchResult result =
      Send(TestBatch(2, 11, 10).Put(TestRoute(2, {"a"})).Put(TestRoute(3, {"a"})).batch);
  EXPECT_EQ(Statuses(result), (std::vector<int>{UNDONE, REJECTED}));
  EXPECT_NE(result.results(1).error().find("--object-limit"), std::string::npos);
  EXPECT_EQ(Statuses(Send(TestBatch(3, 11, 20).Put(TestRoute(2, {"a"})).batch)),
            std::vector<int>{FIB_ACKED});
  EXPECT_EQ(Statuses(Send(TestBatch(4, 11, 30).Put(TestRoute(2, {"b"})).batch)),
            std::vector<int>{FIB_ACKED});
}

TEST_F(AgentCoreTest, EventsOfTheDataPlaneAfterTheAgentsEndGoNowhere) {
  southbound::v1::Event event;
  event.mutable_link()->set_link("a");
  dataplane_.sink(event);
  core_.reset();
  loop_.RunUntilIdle();
  dataplane_.sink(event);
  loop_.Advance(absl::Minutes(5));
  EXPECT_TRUE(link_.events.empty());
}

}  // namespace
}  // namespace waymark
