// Which paths carry, against a kernel's nexthops in a namespace of the test's own; probes and time
// are played.
#include "southbound/dataplane/linux_policies.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <set>
#include <vector>

#include "southbound/dataplane/linux_specs.h"

namespace waymark {
namespace {

using southbound::v1::PolicyEvent;
using southbound::v1::PolicyObject;

using Carriers = std::set<std::vector<Ipv6>>;

constexpr uint32_t kOld = 0x8001, kProtect = 0x8002, kNew = 0x8003;
constexpr absl::Duration kNoStall = -absl::InfiniteDuration();
const PolicyId kId = {7, 2};
const Policies::FirstHops kFirstHops = {{kOld, "wm-i1"}, {kProtect, "wm-i2"}, {kNew, "wm-i2"}};

class LinuxPoliciesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "needs root";
    ASSERT_TRUE(RaiseLoopback());
    auto kernel = NetlinkSocket::Open();
    ASSERT_TRUE(kernel.ok()) << kernel.status();
    kernel_ = *std::move(kernel);
    for (const char* name : {kAnchorDevice, "wm-i1", "wm-i2"}) {
      const auto kind =
          name == kAnchorDevice ? DeviceSpec::Kind::kAnchor : DeviceSpec::Kind::kRelay;
      const absl::Status status =
          Install(*kernel_, DeviceSpec{.name = name, .kind = kind, .mtu = kAnchorMtu}, nullptr);
      ASSERT_TRUE(status.ok()) << status;
    }
    Restart({});
  }

  // Blackholes hang on it.
  static bool RaiseLoopback() {
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP;
    const int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const bool raised = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
    return raised;
  }

  void Restart(const std::map<PolicyId, uint32_t>& groups) {
    policies_ = std::make_unique<Policies>();
    ASSERT_TRUE(policies_->Open([](southbound::v1::Event) {}).ok());
    ASSERT_TRUE(policies_->Load(groups).ok());
  }

  void Put(uint32_t working, uint32_t protect = 0) {
    PolicyObject policy;
    policy.set_color(kId.first);
    policy.set_endpoint_sid(kId.second);
    policy.set_probe_interval_us(10'000);
    policy.set_wait_to_restore_ms(100);
    auto* list = policy.add_working();
    list->add_sids(working);
    list->add_probe_return_sids(0x8011);
    if (protect != 0) {
      policy.mutable_protect()->add_sids(protect);
      policy.mutable_protect()->add_probe_return_sids(0x8012);
    }
    const absl::StatusOr<uint32_t> group = policies_->Put(policy, kFirstHops, now_);
    ASSERT_TRUE(group.ok()) << group.status();
    group_ = *group;
  }

  // In steps of a millisecond; every probe is answered in one, but for those of silent lists.
  void Run(absl::Duration time) {
    for (const absl::Duration end = now_ + time; now_ < end;) {
      std::vector<Probe> due;
      policies_->Advance(now_, kNoStall, &due);
      const absl::Duration sent = now_;
      now_ += absl::Milliseconds(1);
      for (const Probe& probe : due) {
        if (silent_.contains(probe.segments.front())) {
          unanswered_.push_back(probe);
        } else {
          policies_->Answered(probe.list, probe.sequence, sent, now_);
        }
      }
    }
  }

  Carriers Carrying() {
    Nexthops nexthops;
    EXPECT_TRUE(DumpNexthops(*kernel_, &nexthops).ok());
    Carriers carriers;
    for (const auto& [path, weight] : nexthops[group_].members) {
      if (path != kBlackholeNexthop) carriers.insert(nexthops[path].carriers);
    }
    return carriers;
  }
  static Carriers By(uint32_t sid) { return {PackCarriers(std::vector<uint32_t>{sid})}; }
  void Silence(uint32_t sid) { silent_ = {PackCarriers(std::vector<uint32_t>{sid}).front()}; }

  // What is known of the only policy; working_up is empty while nothing is.
  PolicyEvent State() {
    const auto events = policies_->Observe();
    return events.empty() ? PolicyEvent() : events.front().policy();
  }

  std::unique_ptr<NetlinkSocket> kernel_;
  std::unique_ptr<Policies> policies_;
  uint32_t group_ = 0;
  absl::Duration now_ = absl::Seconds(1);
  std::set<Ipv6> silent_;
  std::vector<Probe> unanswered_;
};

TEST_F(LinuxPoliciesTest, AnswerHeardWithoutCarrierDoesNotStrandTheList) {
  Put(kOld, kProtect);
  Run(absl::Milliseconds(50));
  Silence(kOld);
  Run(absl::Milliseconds(11));
  ASSERT_FALSE(unanswered_.empty());
  policies_->SetCarrier("wm-i1", false, now_);
  EXPECT_TRUE(State().on_protect());
  policies_->Answered(unanswered_.back().list, unanswered_.back().sequence,
                      now_ - absl::Milliseconds(2), now_);
  silent_.clear();
  policies_->SetCarrier("wm-i1", true, now_);
  Run(absl::Milliseconds(50));
  EXPECT_TRUE(State().on_protect()) << "waits to restore";
  Run(absl::Milliseconds(100));
  EXPECT_FALSE(State().on_protect());
  EXPECT_EQ(Carrying(), By(kOld));
}

TEST_F(LinuxPoliciesTest, NewPolicyCarriesButIsNotUpBeforeAnAnswer) {
  Silence(kOld);
  Put(kOld);
  EXPECT_EQ(Carrying(), By(kOld));
  Run(absl::Milliseconds(50));
  EXPECT_EQ(State().working_up_size(), 0);
  Run(absl::Seconds(1));
  ASSERT_EQ(State().working_up_size(), 1);
  EXPECT_FALSE(State().working_up(0));
  EXPECT_EQ(Carrying(), Carriers());
  silent_.clear();
  Run(absl::Milliseconds(200));
  EXPECT_TRUE(State().working_up(0));
}

TEST_F(LinuxPoliciesTest, ProvenPathCarriesUntilTheNewOneAnswers) {
  Put(kOld);
  Run(absl::Milliseconds(50));
  ASSERT_TRUE(State().working_up(0));
  Silence(kNew);
  Put(kNew);
  EXPECT_EQ(Carrying(), By(kOld));
  Run(absl::Milliseconds(50));
  EXPECT_EQ(Carrying(), By(kOld));
  silent_.clear();
  Run(absl::Milliseconds(20));
  EXPECT_EQ(Carrying(), By(kNew));
  EXPECT_TRUE(State().working_up(0));
  // And nothing of the old path is left.
  Nexthops nexthops;
  ASSERT_TRUE(DumpNexthops(*kernel_, &nexthops).ok());
  for (const auto& [id, nexthop] : nexthops)
    EXPECT_NE(nexthop.carriers, PackCarriers(std::vector<uint32_t>{kOld}));
}

TEST_F(LinuxPoliciesTest, ProvenPathIsNotKeptForEver) {
  Put(kOld);
  Run(absl::Milliseconds(50));
  Silence(kNew);
  Put(kNew);
  Run(absl::Seconds(1));
  EXPECT_EQ(Carrying(), Carriers());
  EXPECT_FALSE(State().working_up(0));
}

TEST_F(LinuxPoliciesTest, RestartLeavesWhatCarries) {
  Put(kOld);
  Run(absl::Milliseconds(50));
  Restart({{kId, group_}});
  Put(kOld);
  EXPECT_EQ(Carrying(), By(kOld));
  EXPECT_TRUE(State().working_up(0));
  // The predecessor ended between two paths.
  Restart({{kId, group_}});
  Put(kNew);
  EXPECT_EQ(Carrying(), By(kOld));
  Run(absl::Milliseconds(50));
  EXPECT_EQ(Carrying(), By(kNew));
}

}  // namespace
}  // namespace waymark
