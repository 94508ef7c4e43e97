#ifndef WAYMARK_CONTROLLER_BASE_SOCKET_FOLDER_H_
#define WAYMARK_CONTROLLER_BASE_SOCKET_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace waymark {

// For tests: a folder with a name short enough for a Unix socket's 107 bytes, which a test's own
// folder often is not, and of its own: sandboxed tests share /tmp and count processes alike. It
// goes with this object.
class SocketFolder {
 public:
  SocketFolder() {
    char name[] = "/tmp/waymark-XXXXXX";
    if (const char* made = mkdtemp(name)) path_ = made;
  }
  ~SocketFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  SocketFolder(const SocketFolder&) = delete;
  SocketFolder& operator=(const SocketFolder&) = delete;

  // "unix:FOLDER/NAME".
  std::string Address(const std::string& name) const { return "unix:" + path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_BASE_SOCKET_FOLDER_H_
