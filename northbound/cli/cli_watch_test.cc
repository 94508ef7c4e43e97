// What waits for something to happen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "northbound/cli/cli_testing.h"

namespace waymark::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using CliWatchTest = CliTest;

TEST_F(CliWatchTest, WatchPrintsEventsUntilTheBookmark) {
  std::vector<v1::WatchEvent> events(3);
  events[0].set_revision(5);
  events[0].set_change(v1::CREATED);
  events[0].set_name("customers/bank/services/core");
  auto* service = events[0].mutable_resource()->mutable_service();
  service->mutable_status()->set_state(v1::PENDING);
  events[1].set_revision(6);
  events[1].set_change(v1::DELETED);
  events[1].set_name("nodes/zrh");
  events[2].set_bookmark(true);
  server_.set_events(events);
  EXPECT_EQ(Run({"watch", "--once"}).out,
            "5  created  service bank/core  PENDING\n6  deleted  node zrh\n");
  EXPECT_TRUE(server_.last_watch().include_status());
  EXPECT_EQ(Run({"watch", "services", "--once", "--from", "4"}).out,
            "5  created  service bank/core  PENDING\n");
  EXPECT_EQ(server_.last_watch().start_revision(), 4);
  EXPECT_THAT(server_.last_watch().prefixes(), ElementsAre("customers/"));
  EXPECT_EQ(Run({"watch", "nodes", "--once", "-o", "json"}).out,
            "{\"revision\":\"6\",\"change\":\"DELETED\",\"name\":\"nodes/zrh\"}\n");
  EXPECT_THAT(server_.last_watch().prefixes(), ElementsAre("nodes/"));
  EXPECT_EQ(Run({"watch", "--timeout", "0.2"}).code, 5);
  // How things are is no change since --from; without it, it belongs to what exists.
  events[0].set_change(v1::STATUS_CHANGED);
  server_.set_events(events);
  EXPECT_EQ(Run({"watch", "--once", "--from", "4"}).out, "6  deleted  node zrh\n");
  std::swap(events[0], events[2]);
  server_.set_events(events);
  EXPECT_EQ(Run({"watch", "--from", "4", "--timeout", "0.2"}).out,
            "6  deleted  node zrh\n5  status_changed  service bank/core  PENDING\n");
}

TEST_F(CliWatchTest, WaitForUp) {
  Populate();
  std::vector<v1::WatchEvent> events(2);
  events[0].set_bookmark(true);
  events[1].set_change(v1::STATUS_CHANGED);
  events[1].set_name("customers/bank/services/core");
  auto* status = events[1].mutable_resource()->mutable_service()->mutable_status();
  status->set_state(v1::UP);
  server_.set_events(events);
  const Ran up = Run({"wait", "--for=up", "bank/core"});
  EXPECT_EQ(up.code, 0) << up.err;
  EXPECT_EQ(up.out, "bank/core UP\n");

  server_.set_events({events[0]});
  const Ran late = Run({"wait", "--for=up", "bank/core", "--timeout", "200ms"});
  EXPECT_EQ(late.code, 5);
  EXPECT_EQ(late.err,
            "waymark: not there after 200ms: bank/core is DEGRADED: zrh to gva has no protect "
            "path\n");
  EXPECT_EQ(Run({"wait", "--for=up", "bank/gone"}).code, 4);

  v1::WatchEvent gone;
  gone.set_change(v1::DELETED);
  gone.set_name("customers/bank/services/core");
  server_.set_events({events[0], gone});
  EXPECT_EQ(Run({"wait", "--for=up", "bank/core"}).code, 4);
}

TEST_F(CliWatchTest, WaitForConverged) {
  v1::ServerInfo info;
  info.set_revision(9);
  info.set_computed_revision(8);
  info.set_converged(true);
  server_.set_info(info);
  // Acked, but what was acked was computed from an older revision.
  const Ran late = Run({"wait", "--for", "converged", "--timeout", "0.3"});
  EXPECT_EQ(late.code, 5);
  EXPECT_THAT(late.err, HasSubstr("revision 9, computed up to 8"));
  // Many events at once are one reason to ask again, and never one to watch again.
  std::vector<v1::WatchEvent> events(500);
  for (auto& event : events) event.set_bookmark(true);
  server_.set_events(events);
  const int watches = server_.watches(), infos = server_.infos();
  const Ran slow = Run({"wait", "--for", "converged", "--timeout", "0.6"});
  EXPECT_EQ(slow.code, 5) << slow.err;
  EXPECT_EQ(server_.watches(), watches + 1);
  EXPECT_GE(server_.infos(), infos + 2);
  EXPECT_LE(server_.infos(), infos + 7);
  // It becomes so while the watch is open, and no event says so.
  auto later = std::async(std::launch::async, [&] {
    return Run({"wait", "--for", "converged", "--timeout", "30"});
  });
  while (server_.watches() < watches + 2 &&
         later.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    std::this_thread::yield();
  }
  info.set_computed_revision(9);
  server_.set_info(info);
  EXPECT_EQ(later.get().out, "converged at revision 9\n");
  EXPECT_EQ(server_.watches(), watches + 2);
  info.set_computed_revision(9);
  server_.set_info(info);
  EXPECT_EQ(Run({"wait", "--for", "converged"}).out, "converged at revision 9\n");
}

}  // namespace
}  // namespace waymark::cli
