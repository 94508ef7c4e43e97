// Structured logs: one line an event, `time level program event key=value ...`, values quoted where
// needed. Write for the NOC engineer who reads it at night: what happened, to what, what to do.
//   Log(LogLevel::kWarning, "agent rejected", {{"node", node}, {"reason", status.ToString()}});
#ifndef WAYMARK_CONTROLLER_BASE_LOG_H_
#define WAYMARK_CONTROLLER_BASE_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace waymark {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

struct LogField {
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(v) {}
  LogField(std::string_view k, int64_t v) : key(k), value(std::to_string(v)) {}
  LogField(std::string_view k, uint64_t v) : key(k), value(std::to_string(v)) {}
  LogField(std::string_view k, int v) : key(k), value(std::to_string(v)) {}
  LogField(std::string_view k, uint32_t v) : key(k), value(std::to_string(v)) {}

  std::string key;
  std::string value;
};

// To standard error. Call once, before threads. Without it, kWarning and above are logged.
void InitLog(std::string_view program, LogLevel least);
// "debug", "info", "warning", "error"; false for anything else.
bool ParseLogLevel(std::string_view text, LogLevel* level);

// Any thread. Values longer than 1,000 bytes are cut; control characters are escaped.
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_BASE_LOG_H_
