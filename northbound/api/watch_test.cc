#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "northbound/api/testing.h"

namespace waymark {
namespace {

struct Watching {
  Watching(Server& server, const v1::WatchRequest& request)
      : reader(server.changes->Watch(&context, request)) {}
  // Events up to and with the next bookmark; "CREATED name@revision". Stops at the end of the
  // stream.
  std::vector<std::string> ToBookmark() {
    std::vector<std::string> events;
    v1::WatchEvent event;
    while (reader->Read(&event)) {
      if (event.bookmark()) {
        bookmark = event.revision();
        break;
      }
      events.push_back(absl::StrCat(v1::ChangeType_Name(event.change()), " ", event.name(), "@",
                                    event.revision()));
    }
    return events;
  }
  v1::WatchEvent Next() {
    v1::WatchEvent event;
    while (reader->Read(&event) && event.bookmark()) {
    }
    return event;
  }
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReader<v1::WatchEvent>> reader;
  Revision bookmark = -1;
};

v1::WatchRequest From(Revision revision, const std::string& prefix = "", bool status = false) {
  v1::WatchRequest request;
  request.set_start_revision(revision);
  if (!prefix.empty()) request.add_prefixes(prefix);
  request.set_include_status(status);
  return request;
}

v1::Bundle CustomerNamed(const std::string& id, const std::string& text = "") {
  v1::Bundle bundle;
  bundle.add_customers()->set_name("customers/" + id);
  bundle.mutable_customers(0)->set_display_name(text);
  return bundle;
}

std::shared_ptr<const v1::Status> StatusOf(v1::State state) {
  auto status = std::make_shared<v1::Status>();
  status->set_state(state);
  return status;
}

TEST(WatchTest, SnapshotThenLive) {
  Server server;
  ASSERT_TRUE(server.Apply(SmallCarrier()).ok());
  Watching all(server, From(0));
  EXPECT_EQ(all.ToBookmark().size(), 22u);
  EXPECT_EQ(all.bookmark, 1);
  ASSERT_TRUE(server.Apply(CustomerNamed("new")).ok());
  EXPECT_EQ(all.ToBookmark(), std::vector<std::string>{"CREATED customers/new@2"});
  ASSERT_TRUE(server.Apply(CustomerNamed("new", "text")).ok());
  EXPECT_EQ(all.ToBookmark(), std::vector<std::string>{"UPDATED customers/new@3"});
  v1::ApplyRequest del;
  del.add_delete_("customers/new");
  ASSERT_TRUE(server.Apply(del).ok());
  EXPECT_EQ(all.ToBookmark(), std::vector<std::string>{"DELETED customers/new@4"});
  EXPECT_EQ(all.bookmark, 4);
}

TEST(WatchTest, EmptyStoreGivesABookmarkAtOnce) {
  Server server;
  Watching all(server, From(0));
  EXPECT_TRUE(all.ToBookmark().empty());
  EXPECT_EQ(all.bookmark, 0);
  ASSERT_TRUE(server.Apply(CustomerNamed("new")).ok());
  EXPECT_EQ(all.ToBookmark().size(), 1u);
}

TEST(WatchTest, ResumesFromARevisionWithPrefixes) {
  Server server;
  ASSERT_TRUE(server.Apply(SmallCarrier()).ok());
  for (const char* id : {"x1", "y1", "x2"}) ASSERT_TRUE(server.Apply(CustomerNamed(id)).ok());
  Watching some(server, From(1, "customers/x"));
  std::vector<std::string> events;
  while (some.bookmark < 4) {
    for (auto& event : some.ToBookmark()) events.push_back(event);
  }
  EXPECT_EQ(events, (std::vector<std::string>{"CREATED customers/x1@2", "CREATED customers/x2@4"}));
  Watching bank(server, From(0, "customers/bank/"));
  EXPECT_EQ(bank.ToBookmark().size(), 4u);
}

TEST(WatchTest, RefusesBadRevisions) {
  Server server;
  ASSERT_TRUE(server.Apply(SmallCarrier()).ok());
  ASSERT_TRUE(server.Apply(CustomerNamed("a")).ok());
  ASSERT_TRUE(server.Apply(CustomerNamed("b")).ok());
  ASSERT_TRUE(server.memory.Compact(3).ok());
  const auto code = [&](Revision revision) {
    Watching watching(server, From(revision));
    EXPECT_TRUE(watching.ToBookmark().empty());
    return watching.reader->Finish().error_code();
  };
  EXPECT_EQ(code(-1), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(code(99), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(code(1), grpc::StatusCode::OUT_OF_RANGE);
}

TEST(WatchTest, StatusesPoliciesAndAgents) {
  Server server;
  ASSERT_TRUE(server.Apply(SmallCarrier()).ok());
  const std::string lan = "customers/bank/services/lan";
  Watching without(server, From(1));
  without.ToBookmark();
  Watching with(server, From(1, "", true));
  with.ToBookmark();

  auto first = std::make_shared<NetworkView>();
  first->computed_from = 1;
  auto policy = std::make_shared<v1::Policy>();
  policy->set_name("policies/a:1:b");
  first->policies[policy->name()] = policy;
  auto agent = std::make_shared<v1::Agent>();
  agent->set_name("agents/a");
  first->agents[agent->name()] = agent;
  first->statuses[lan] = StatusOf(v1::UP);
  server.view.Publish(first);
  v1::WatchEvent event = with.Next();
  EXPECT_EQ(event.change(), v1::CREATED);
  EXPECT_EQ(event.resource().policy().name(), "policies/a:1:b");
  EXPECT_EQ(with.Next().resource().agent().name(), "agents/a");
  event = with.Next();
  EXPECT_EQ(event.change(), v1::STATUS_CHANGED);
  EXPECT_EQ(event.resource().service().status().state(), v1::UP);
  EXPECT_EQ(event.resource().service().vni(), 1u);

  // Only what differs.
  auto second = std::make_shared<NetworkView>(*first);
  second->statuses[lan] = StatusOf(v1::DOWN);
  second->agents.clear();
  server.view.Publish(second);
  event = with.Next();
  EXPECT_EQ(event.change(), v1::DELETED);
  EXPECT_EQ(event.name(), "agents/a");
  EXPECT_EQ(with.Next().resource().service().status().state(), v1::DOWN);
  ASSERT_TRUE(server.Apply(CustomerNamed("last")).ok());
  EXPECT_EQ(with.Next().name(), "customers/last");
  EXPECT_EQ(without.Next().name(), "customers/last");
}

std::shared_ptr<NetworkView> ViewOfOne() {
  auto view = std::make_shared<NetworkView>();
  view->computed_from = 1;
  auto policy = std::make_shared<v1::Policy>();
  policy->set_name("policies/a:1:b");
  view->policies[policy->name()] = policy;
  auto agent = std::make_shared<v1::Agent>();
  agent->set_name("agents/a");
  view->agents[agent->name()] = agent;
  view->statuses["customers/bank/services/lan"] = StatusOf(v1::UP);
  return view;
}

TEST(WatchTest, SnapshotHasStatusesPoliciesAndAgentsBeforeItsOneBookmark) {
  Server server;
  ASSERT_TRUE(server.Apply(SmallCarrier()).ok());
  const auto view = ViewOfOne();
  server.view.Publish(view);
  Watching all(server, From(0, "", true));
  std::vector<v1::WatchEvent> events(24);
  for (auto& event : events) {
    ASSERT_TRUE(all.reader->Read(&event));
    EXPECT_FALSE(event.bookmark());
    EXPECT_EQ(event.change(), v1::CREATED) << event.name();
    if (event.resource().has_service() && event.name() == "customers/bank/services/lan") {
      EXPECT_EQ(event.resource().service().status().state(), v1::UP);
    }
  }
  EXPECT_EQ(events[22].name(), "policies/a:1:b");
  EXPECT_EQ(events[23].name(), "agents/a");
  EXPECT_TRUE(all.ToBookmark().empty());
  EXPECT_EQ(all.bookmark, 1);
  // Nothing of it comes again: the next is what changes next.
  auto next = std::make_shared<NetworkView>(*view);
  next->statuses["customers/bank/services/lan"] = StatusOf(v1::DOWN);
  server.view.Publish(next);
  v1::WatchEvent event;
  ASSERT_TRUE(all.reader->Read(&event));
  EXPECT_EQ(event.change(), v1::STATUS_CHANGED);
  EXPECT_EQ(event.resource().service().status().state(), v1::DOWN);
}

TEST(WatchTest, HistoryThenPresentStatusThenOneBookmark) {
  Server server;
  ASSERT_TRUE(server.Apply(SmallCarrier()).ok());
  // More than a stream holds.
  std::vector<std::string> history;
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(server.Apply(CustomerNamed(absl::StrCat("c", i))).ok());
    history.push_back(absl::StrCat("CREATED customers/c", i, "@", i + 2));
  }
  server.view.Publish(ViewOfOne());
  Watching without(server, From(1));
  EXPECT_EQ(without.ToBookmark(), history);
  EXPECT_EQ(without.bookmark, 41);
  for (const char* status : {"policies/a:1:b", "agents/a", "customers/bank/services/lan"}) {
    history.push_back(absl::StrCat("STATUS_CHANGED ", status, "@1"));
  }
  Watching with(server, From(1, "", true));
  EXPECT_EQ(with.ToBookmark(), history);
  EXPECT_EQ(with.bookmark, 41);
  Watching scope(server, From(41, "agents/", true));
  EXPECT_EQ(scope.ToBookmark(), std::vector<std::string>{"STATUS_CHANGED agents/a@1"});
  EXPECT_EQ(scope.bookmark, 41);
  // Live from here on.
  ASSERT_TRUE(server.Apply(CustomerNamed("new")).ok());
  EXPECT_EQ(with.ToBookmark(), std::vector<std::string>{"CREATED customers/new@42"});
}

TEST(WatchTest, CustomerSeesHisOwn) {
  Server noc;
  ASSERT_TRUE(noc.Apply(SmallCarrier()).ok());
  Server bank("customer:bank", &noc.memory);
  Watching own(bank, From(0, "", true));
  for (const std::string& event : own.ToBookmark()) {
    EXPECT_TRUE(event.find("customers/bank") != std::string::npos ||
                event.find("trafficClasses/") != std::string::npos)
        << event;
  }
  auto view = std::make_shared<NetworkView>();
  for (const char* service : {"", "customers/bank/services/lan", "customers/shop/services/lan"}) {
    auto policy = std::make_shared<v1::Policy>();
    policy->set_name(absl::StrCat("policies/a:", view->policies.size(), ":b"));
    policy->set_service(service);
    view->policies[policy->name()] = policy;
  }
  bank.view.Publish(view);
  EXPECT_EQ(own.Next().resource().policy().service(), "customers/bank/services/lan");
}

// A client that does not read holds back neither the store nor anyone else, and misses nothing when
// it reads.
TEST(WatchTest, SlowReaderMissesNothing) {
  Server server;
  ASSERT_TRUE(server.Apply(CustomerNamed("c0")).ok());
  Watching slow(server, From(1));
  const std::string text(200, 'x');
  v1::Bundle big;
  for (int i = 0; i < 500; ++i) {
    big.add_customers()->set_name(absl::StrCat("customers/c", i));
  }
  constexpr int kCommits = 60;
  for (int commit = 0; commit < kCommits; ++commit) {
    for (auto& customer : *big.mutable_customers()) {
      customer.set_display_name(absl::StrCat(text, commit));
    }
    ASSERT_TRUE(server.Apply(big).ok());
  }
  int count = 0;
  Revision last = 1;
  v1::WatchEvent event;
  while (count < kCommits * 500 && slow.reader->Read(&event)) {
    EXPECT_GE(event.revision(), last);
    last = event.revision();
    if (!event.bookmark()) ++count;
  }
  EXPECT_EQ(count, kCommits * 500);
}

TEST(WatchTest, HangUpsAndShutdown) {
  Server server;
  ASSERT_TRUE(server.Apply(SmallCarrier()).ok());
  for (int i = 0; i < 20; ++i) {
    Watching watching(server, From(i % 2, "", true));
    if (i % 3 == 0) watching.ToBookmark();
    watching.context.TryCancel();
    v1::WatchEvent event;
    while (watching.reader->Read(&event)) {
    }
    EXPECT_EQ(watching.reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  Watching open(server, From(0));
  open.ToBookmark();
  auto finished = std::async(std::launch::async, [&] {
    open.ToBookmark();
    return open.reader->Finish();
  });
  server.server->Shutdown(absl::Seconds(20));
  const grpc::Status status = finished.get();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(WatchTest, ManyWritersAndWatchers) {
  Server server;
  constexpr int kWriters = 4, kEach = 25;
  std::vector<std::thread> threads;
  std::vector<int> seen(3);
  for (size_t w = 0; w < seen.size(); ++w) {
    threads.emplace_back([&, w] {
      Watching watching(server, From(0, "", true));
      while (seen[w] < kWriters * kEach) {
        if (watching.Next().change() == v1::CREATED) ++seen[w];
      }
    });
  }
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      for (int i = 0; i < kEach; ++i) {
        EXPECT_TRUE(server.Apply(CustomerNamed(absl::StrCat("w", w, "-", i))).ok());
        auto view = std::make_shared<NetworkView>();
        view->computed_from = server.store.current();
        server.view.Publish(view);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(server.store.current(), kWriters * kEach);
}

}  // namespace
}  // namespace waymark
