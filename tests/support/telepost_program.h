// The real program as a test runs it: commands to their end, and `telepost serve` from `ready` to its end.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace telepost::test {

struct Finished {
  int exit_code;  // 128 + N for one that signal N ended
  std::string out;
  std::string err;
};

// build folder's telepost with these arguments; `input` is its stdin.
Finished run_telepost(const std::vector<std::string>& arguments, std::string_view input = {});

class ServeProcess {
 public:
  // Starts `telepost serve ARGUMENTS…` and reads its stdout up to `ready`. Its stderr goes to the test's.
  explicit ServeProcess(const std::vector<std::string>& arguments);
  ~ServeProcess();  // SIGKILL if it still runs
  ServeProcess(const ServeProcess&) = delete;
  ServeProcess& operator=(const ServeProcess&) = delete;

  bool ready() const { return ready_; }
  const std::string& endpoint(const std::string& name) const;  // of `listening NAME ENDPOINT`; "" for none
  pid_t pid() const { return pid_; }
  void signal(int number) const;
  int wait();  // for its end; as Finished::exit_code

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  bool ready_ = false;
  std::multimap<std::string, std::string> endpoints_;
};

// "HTTP/1.1 200 OK\r\n…" of one GET.
std::string http_get(const std::string& endpoint, const std::string& target);

}  // namespace telepost::test
