// What needs no controller: usage errors, help, completion, and topology files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "northbound/cli/run_for_test.h"

namespace waymark::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(CliOfflineTest, UnreachableControllerSaysWhereAndWhatToDo) {
  const Ran ran = Waymark({"--server", "unix:/tmp/wmcli-no-such-socket", "get", "nodes"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err,
              HasSubstr("cannot reach the controller at unix:/tmp/wmcli-no-such-socket: "));
  EXPECT_THAT(ran.err, HasSubstr("Is waymarkd running?"));
}

TEST(CliOfflineTest, WrongUsage) {
  struct Case {
    std::vector<std::string> args;
    const char* message;
  };
  for (const Case& c : std::vector<Case>{
           {{}, "A command is missing"},
           {{"frobnicate"}, "unknown command \"frobnicate\": use one of get, "},
           {{"get"}, "kind"},
           {{"get", "tunnels"}, "unknown kind \"tunnels\": use one of nodes, links"},
           {{"get", "sites", "zrh"}, "write CUSTOMER/NAME"},
           {{"get", "nodes", "links/a"}, "is the name of a link, not of a node"},
           {{"get", "nodes", "-o", "xml"}, "\"xml\" is no output format: use table, json"},
           {{"get", "nodes", "--as-of", "yesterday"}, "is no past"},
           {{"get", "nodes", "--as-of", "0"}, "is no past"},
           {{"get", "nodes", "--timeout", "-1"}, "is no time limit"},
           {{"get", "nodes", "--timeout", "nan"}, "is no time limit"},
           {{"get", "nodes", "--frob"}, "--frob"},
           {{"describe", "node"}, "name"},
           {{"apply"}, "--file"},
           {{"delete"}, "delete needs KIND"},
           {{"delete", "node"}, "delete needs KIND"},
           {{"delete", "node", "a", "-f", "x"}, "not both"},
           {{"delete", "policy", "a:1:b"}, "made by the controller"},
           {{"watch", "--from", "-3"}, "--from"},
           {{"watch", "--from", "0"}, "\"0\" is no revision: give 1 or more"},
           {{"get", "nodes", "-o", "1"}, "is no output format"},
           {{"wait"}, "--for"},
           {{"wait", "--for=later"}, "--for"},
           {{"wait", "--for=converged", "bank/core"}, "name no service"},
           {{"trace", "bank/core", "--from", "zrh"}, "--to"},
           {{"trace", "core", "--from", "a", "--to", "b"}, "write CUSTOMER/NAME"},
           {{"trace", "b/c", "--from", "a", "--to", "b", "--dscp", "64"}, "give 0 to 63"},
           {{"trace", "b/c", "--from", "a", "--to", "b", "--dscp", "EFF"}, "give 0 to 63"},
           {{"trace", "b/c", "--from", "a", "--to", "b", "--pcp", "8"}, "--pcp"},
           {{"trace", "b/c", "--from", "a", "--to", "b", "--pcp", "1", "--dscp", "1"}, "exclude"},
           {{"topology"}, "subcommand"},
           {{"topology", "eat", "x"}, "unknown command \"eat\": use one of import, export"},
           {{"backup", "relative"}, "give an absolute path"},
           {{"completion", "fish"}, "fish"},
           {{"info", "--ca", "/no/such.pem"}, "--ca: cannot read"},
           {{"info", "--cert", "/no/such.pem"}, "belong together"}}) {
    const Ran ran = Waymark(c.args);
    EXPECT_EQ(ran.code, 2) << testing::PrintToString(c.args) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(c.message)) << testing::PrintToString(c.args);
    EXPECT_THAT(ran.out, IsEmpty());
  }
}

TEST(CliOfflineTest, ImportNeedsNoControllerToValidate) {
  const Ran ran = Waymark({"--server", "unix:/tmp/wmcli-no-such-socket", "topology", "import", "-",
                           "--format=yaml", "--validate-only"},
                          kTwoNodesAndALink);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "-: yaml, 2 nodes, 2 links, 0 risk groups\nvalid, nothing changed\n");
  const Ran bad = Waymark({"topology", "import", "-", "--format=yaml", "--validate-only"},
                          "links:\n  - {source: zrh, target: atlantis, capacity_bps: 1G}\n");
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.err, HasSubstr("stdin:2: "));
  EXPECT_EQ(Waymark({"topology", "import", "/no/such/file"}).code, 4);
  EXPECT_EQ(Waymark({"topology", "import", "-", "--format=dot"}).code, 2);
}

TEST(CliOfflineTest, ExportConvertsAndReadsBack) {
  const std::string yaml = testing::TempDir() + "/convert.yaml";
  const std::string json = testing::TempDir() + "/convert.json";
  std::ofstream(yaml) << kTwoNodesAndALink;
  ASSERT_EQ(Waymark({"topology", "export", "--graph", yaml, "--output", json}).code, 0);
  const Ran there = Waymark({"topology", "export", "--graph", yaml, "--format=yaml"});
  const Ran back = Waymark({"topology", "export", "--graph", json, "--format=yaml"});
  EXPECT_THAT(there.out, HasSubstr("100G"));
  EXPECT_EQ(there.out, back.out);
  // The file's name says what is in it.
  const std::string named = testing::TempDir() + "/named.yaml";
  ASSERT_EQ(Waymark({"topology", "export", "--graph", json, "--output", named}).code, 0);
  std::ostringstream text;
  text << std::ifstream(named).rdbuf();
  EXPECT_EQ(text.str(), there.out);
  const Ran both =
      Waymark({"topology", "export", "--graph", json, "--output", named, "--format=rfc8345"});
  EXPECT_EQ(both.code, 2);
  EXPECT_THAT(both.err, HasSubstr("contradict each other"));
  const Ran unwritable = Waymark({"topology", "export", "--graph", yaml, "--output", "/no/such/x"});
  EXPECT_EQ(unwritable.code, 1);
  EXPECT_THAT(unwritable.err, HasSubstr("/no/such/x: cannot be written"));
}

TEST(CliOfflineTest, HelpExplains) {
  const Ran help = Waymark({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* word :
       {"get", "describe", "apply", "delete", "watch", "trace", "topology", "agent", "info",
        "backup", "wait", "completion", "Exit codes", "WAYMARK_SERVER"}) {
    EXPECT_THAT(help.out, HasSubstr(word));
  }
  EXPECT_THAT(Waymark({"trace", "--help"}).out, HasSubstr("Example: waymark trace"));
  EXPECT_THAT(Waymark({"topology", "import", "--help"}).out, HasSubstr("--validate-only"));
  EXPECT_THAT(Waymark({"path", "compute", "--help"}).out,
              AllOf(HasSubstr("src,dst,role,cost,links"), HasSubstr("2i+1 back")));
}

TEST(CliOfflineTest, CompletionIsABashScriptThatCompletes) {
  const Ran script = Waymark({"completion", "bash"});
  ASSERT_EQ(script.code, 0) << script.err;
  const std::string file = testing::TempDir() + "/completion.bash";
  std::ofstream(file) << script.out;
  ASSERT_EQ(std::system(absl::StrCat("bash -n ", file).c_str()), 0);
  struct Case {
    const char* words;  // the last is being completed
    const char* expected;
  };
  for (const Case& c : std::vector<Case>{{"waymark desc", "describe"},
                                         {"waymark get no", "nodes"},
                                         {"waymark topology im", "import"},
                                         {"waymark topology import --val", "--validate-only"},
                                         {"waymark wait --for conv", "converged"},
                                         {"waymark path comp", "compute"},
                                         {"waymark path compute --all-p", "--all-pairs"},
                                         {"waymark path compute --format teav", "teavar"},
                                         {"waymark path compute --disjoint prov", "provider"},
                                         {"waymark completion zs", "zsh"},
                                         {"waymark -o js", "json"}}) {
    const std::string command = absl::StrCat(
        "bash -c '. ", file, "; COMP_WORDS=(", c.words,
        "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _waymark; [ \"${COMPREPLY[*]}\" = ", c.expected,
        " ] || { echo \"got: ${COMPREPLY[*]}\"; false; }'");
    EXPECT_EQ(std::system(command.c_str()), 0) << c.words;
  }
  EXPECT_THAT(Waymark({"completion", "zsh"}).out, StartsWith("#compdef waymark\n"));
}

}  // namespace
}  // namespace waymark::cli
