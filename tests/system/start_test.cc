// The programs as processes: what keeps them from starting is said in one line, with the way out,
// and leaves nothing behind.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace waymark {
namespace {

namespace fs = std::filesystem;

constexpr char kWaymarkd[] = "controller/engine/waymarkd";
constexpr char kAgent[] = "southbound/agent/waymark-agent";
constexpr char kWaymark[] = "northbound/cli/waymark";

struct Ended {
  int code = -1;
  std::string output;
};

// Runs a program of ours to its end, or for a minute at most.
Ended RunProgram(const std::string& program, const std::string& arguments) {
  const std::string command = "timeout 60 ./" + program + " " + arguments + " 2>&1 </dev/null";
  Ended ended;
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> part;
  while (const size_t size = fread(part.data(), 1, part.size(), pipe)) {
    ended.output.append(part.data(), size);
  }
  const int status = pclose(pipe);
  ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ended;
}

// A folder of its own, a port of 127.0.0.1 that is taken, and one that was free a moment ago.
class StartTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("start" + std::to_string(getpid()));
    fs::create_directories(folder_);
    std::ofstream(folder_ / "file") << "in the way\n";
    taken_ = Listen(&taken_port_);
    ASSERT_GE(taken_, 0);
    int free_port = 0;
    close(Listen(&free_port));
    free_port_ = std::to_string(free_port);
  }
  void TearDown() override {
    close(taken_);
    fs::remove_all(folder_);
  }

  static int Listen(int* port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 1) != 0) return -1;
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    *port = ntohs(address.sin_port);
    return fd;
  }

  // Fills in FOLDER, TAKEN and FREE.
  std::string Filled(std::string text) const {
    const std::pair<std::string, std::string> words[] = {
        {"FOLDER", folder_.string()}, {"TAKEN", std::to_string(taken_port_)}, {"FREE", free_port_}};
    for (const auto& [word, value] : words) {
      for (size_t at = text.find(word); at != std::string::npos; at = text.find(word)) {
        text.replace(at, word.size(), value);
      }
    }
    return text;
  }

  fs::path folder_;
  int taken_ = -1;
  int taken_port_ = 0;
  std::string free_port_;
};

TEST_F(StartTest, SaysWhatIsWrongAndLeavesNothing) {
  struct Row {
    const char* program;
    const char* arguments;
    // All of these stand in the output.
    std::vector<std::string> says;
  };
  const std::vector<Row> rows = {
      {kWaymarkd, "--data-dir=FOLDER/none --metrics=off", {"FOLDER/none", "--init"}},
      {kWaymarkd,
       "--data-dir=FOLDER/file --init --metrics=off",
       {"FOLDER/file", "Not a directory"}},
      {kWaymarkd, "--data-dir=/proc/waymark --init --metrics=off", {"/proc/waymark"}},
      {kWaymarkd, "--metrics=off", {"--data-dir", "required"}},
      {kWaymarkd, "--data-dir=FOLDER/a --init --northbound=garbage", {"--northbound", "HOST:PORT"}},
      {kWaymarkd, "--data-dir=FOLDER/a --init --southbound=:1", {"--southbound", "HOST:PORT"}},
      {kWaymarkd, "--data-dir=FOLDER/a --init --metrics=h:99999", {"--metrics", "HOST:PORT"}},
      {kWaymarkd, "--data-dir=FOLDER/a --init --log-level=loud", {"--log-level"}},
      {kWaymarkd, "--data-dir=FOLDER/b --init --metrics=127.0.0.1:TAKEN", {"TAKEN", "--metrics"}},
      {kWaymarkd,
       "--data-dir=FOLDER/c --init --metrics=off --northbound=127.0.0.1:TAKEN",
       {"TAKEN", "another program has it"}},
      {kWaymarkd,
       "--data-dir=FOLDER/d --init --metrics=off --northbound=127.0.0.1:FREE "
       "--southbound=127.0.0.1:TAKEN",
       {"TAKEN", "in use"}},
      {kWaymarkd,
       "--data-dir=FOLDER/e --init --metrics=off --northbound=0.0.0.0:FREE",
       {"plaintext", "TLS"}},
      {kAgent, "--node=x --state-dir=FOLDER/x", {"--controller", "required"}},
      {kAgent,
       "--node='a b' --state-dir=FOLDER/x --controller=127.0.0.1:FREE --dataplane=sim:FOLDER/s",
       {"--node"}},
      {kAgent,
       "--node=x --state-dir=FOLDER/file --controller=127.0.0.1:FREE --dataplane=sim:FOLDER/s",
       {"FOLDER/file"}},
      {kWaymark, "--server=127.0.0.1:FREE get nodes", {"127.0.0.1:FREE"}},
      {kWaymark, "get nonsense", {"nonsense"}},
  };
  for (const Row& row : rows) {
    const std::string arguments = Filled(row.arguments);
    const Ended ended = RunProgram(row.program, arguments);
    const std::string what = std::string(row.program) + " " + arguments;
    EXPECT_GT(ended.code, 0) << what << "\n" << ended.output;
    EXPECT_NE(ended.code, 124) << "still running: " << what << "\n" << ended.output;
    for (const std::string& part : row.says) {
      EXPECT_NE(ended.output.find(Filled(part)), std::string::npos)
          << what << " does not say \"" << Filled(part) << "\":\n"
          << ended.output;
    }
  }
  // Bad flags are found before anything is made.
  EXPECT_FALSE(fs::exists(folder_ / "a"));
  EXPECT_FALSE(fs::exists(folder_ / "none"));
}

}  // namespace
}  // namespace waymark
