// What changes the network: apply, delete, drain, import.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "northbound/cli/cli_testing.h"

namespace waymark::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

using CliChangeTest = CliTest;

constexpr char kNodes[] = "nodes:\n  - {name: zrh, jurisdiction: CH}\n";
constexpr char kCustomer[] = "customers:\n  - {name: bank}\n";

TEST_F(CliChangeTest, ApplyIsOneChangeOfAllFiles) {
  Write("a.yaml", kNodes);
  Write("b.yml", kCustomer);
  Write("notes.txt", "not: yaml: at all");
  const Ran ran = Run({"apply", "-f", folder_, "--request-id", "r1"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "node zrh created\ncustomer bank created\nrevision 7: 2 created\n");
  EXPECT_EQ(server_.applies(), 1);
  EXPECT_EQ(server_.last_apply().request_id(), "r1");
  EXPECT_EQ(server_.last_apply().put().nodes(0).name(), "nodes/zrh");
  EXPECT_THAT(Run({"apply", "-f", "-", "--validate-only"}, kNodes).out,
              HasSubstr("valid, nothing changed: 1 created\n"));
  EXPECT_TRUE(server_.last_apply().validate_only());
}

TEST_F(CliChangeTest, ApplyErrorsNameTheFileAndLine) {
  const std::string file = Write("a.yaml", std::string("# first\n") + kNodes);
  server_.FailWith(RefusedStatus(grpc::StatusCode::INVALID_ARGUMENT, "FIELD_INVALID", "nodes/zrh",
                                 "jurisdiction", "is not known; write CH"));
  const Ran ran = Run({"apply", "-f", file});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err, absl::StrCat("waymark: ", file,
                                  ":3: nodes/zrh: jurisdiction: is not known; write CH "
                                  "(FIELD_INVALID)\n"));
}

TEST_F(CliChangeTest, FilesThatCannotBeApplied) {
  const std::string a = Write("a.yaml", kNodes);
  const std::string b = Write("b.yaml", kNodes);
  const std::string empty = Write("empty.yaml", "");
  std::filesystem::create_directories(folder_ + "/none");
  struct Case {
    std::vector<std::string> args;
    int code;
    const char* message;
  };
  for (const Case& c :
       std::vector<Case>{{{"apply", "-f", folder_ + "/gone.yaml"}, 4, "gone.yaml: no such file"},
                         {{"apply", "-f", folder_ + "/none"}, 4, "no *.yaml or *.yml file"},
                         {{"apply", "-f", a, "-f", b}, 1, "nodes/zrh is already defined in"},
                         {{"apply", "-f", empty}, 1, "nothing to apply"},
                         {{"apply", "-f", "-", "-f", "-"}, 2, "given twice"},
                         {{"delete", "-f", empty}, 1, "nothing to delete"}}) {
    const Ran ran = Run(c.args);
    EXPECT_EQ(ran.code, c.code) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(c.message));
  }
  EXPECT_EQ(server_.applies(), 0);
}

TEST_F(CliChangeTest, DeleteShowsAndAsks) {
  const Ran no = Run({"delete", "service", "bank/core"}, "n\n", true);
  EXPECT_EQ(no.code, 1);
  EXPECT_EQ(no.err, "deletes service bank/core\nGo on? [y/N] nothing changed\n");
  // Nobody at a terminal has agreed, whatever comes through the pipe.
  const Ran piped = Run({"delete", "service", "bank/core"}, "y\n", false);
  EXPECT_EQ(piped.code, 2);
  EXPECT_THAT(piped.err, HasSubstr("deletes service bank/core\n"));
  EXPECT_THAT(piped.err, HasSubstr("give --yes"));
  EXPECT_EQ(server_.applies(), 0);
  const Ran yes = Run({"delete", "service", "bank/core"}, "y\n", true);
  EXPECT_EQ(yes.out, "service bank/core deleted\nrevision 7: 1 deleted\n");
  EXPECT_THAT(server_.last_apply().delete_(), ElementsAre("customers/bank/services/core"));
  EXPECT_EQ(Run({"delete", "sites", "a", "b", "--customer", "bank", "--yes"}, "", true).code, 0);
  EXPECT_EQ(server_.last_apply().delete__size(), 2);
  const std::string file = Write("a.yaml", kNodes);
  EXPECT_EQ(Run({"delete", "-f", file, "--yes"}).code, 0);
  EXPECT_THAT(server_.last_apply().delete_(), ElementsAre("nodes/zrh"));
}

TEST_F(CliChangeTest, DrainShowsAndAsks) {
  Populate();
  const std::string drain =
      "nodes:\n  - {name: zrh, admin_state: forbid}\n  - {name: new, admin_state: avoid}\n";
  const std::string file = Write("drain.yaml", drain);
  const Ran no = Run({"apply", "-f", file}, "\n", true);
  EXPECT_EQ(no.err, "drains node zrh: enabled -> forbid\nGo on? [y/N] nothing changed\n");
  EXPECT_EQ(server_.applies(), 0);
  EXPECT_EQ(Run({"apply", "-f", file}, "y\n", false).code, 2);
  EXPECT_EQ(server_.applies(), 0);
  EXPECT_EQ(Run({"apply", "-f", file, "-y"}, "", true).code, 0);
  // Drained already: nothing to ask.
  EXPECT_EQ(Run({"apply", "-f", file}, "", true).err, "");
  EXPECT_EQ(server_.applies(), 2);
}

TEST_F(CliChangeTest, ImportAppliesAndReplaceDeletesTheRest) {
  Populate();
  v1::Resource old;
  old.mutable_node()->set_name("nodes/old");
  server_.Put(old);
  const std::string file = Write("t.yaml", kTwoNodesAndALink);
  const Ran ran = Run({"topology", "import", file, "--replace"}, "y\n", true);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("deletes node old\n"));
  EXPECT_THAT(server_.last_apply().delete_(), ElementsAre("nodes/old"));
  EXPECT_EQ(server_.last_apply().put().links_size(), 2);
  EXPECT_THAT(ran.out, HasSubstr("2 nodes, 2 links, 0 risk groups\n"));
  // Machines get JSON alone.
  EXPECT_THAT(Run({"topology", "import", file, "-o", "json"}).out, StartsWith("{"));
  EXPECT_THAT(Run({"topology", "export"}).out, HasSubstr("ietf-network:networks"));
}

}  // namespace
}  // namespace waymark::cli
