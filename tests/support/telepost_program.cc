#include "tests/support/telepost_program.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace telepost::test {
namespace {

constexpr const char* kProgram = TELEPOST_BINARY_DIR "/telepost";

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    read = ends[0];
    write = ends[1];
  }
  int read, write;
};

// -1 leaves that descriptor as the test has it.
pid_t start(const std::vector<std::string>& arguments, int in, int out, int err) {
  std::vector<char*> argv{const_cast<char*>(kProgram)};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  if (in >= 0) ::dup2(in, STDIN_FILENO);
  if (out >= 0) ::dup2(out, STDOUT_FILENO);
  if (err >= 0) ::dup2(err, STDERR_FILENO);
  ::unsetenv("TELEPOST_CONFIG");
  ::execv(kProgram, argv.data());
  ::_exit(127);
}

int exit_code_of(pid_t pid) {
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid) return -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// False at the end.
bool append_some(int fd, std::string& text) {
  char bytes[65536];
  const ssize_t got = ::read(fd, bytes, sizeof(bytes));
  if (got > 0) text.append(bytes, static_cast<std::size_t>(got));
  return got > 0;
}

void feed(int fd, std::string_view& input) {
  const ssize_t written = ::write(fd, input.data(), input.size());
  if (written <= 0)
    input = {};
  else
    input.remove_prefix(static_cast<std::size_t>(written));
}

}  // namespace

Finished run_telepost(const std::vector<std::string>& arguments, std::string_view input) {
  std::signal(SIGPIPE, SIG_IGN);
  const Pipe in, out, err;
  const pid_t pid = start(arguments, in.read, out.write, err.write);
  for (const int fd : {in.read, out.write, err.write}) ::close(fd);
  ::fcntl(in.write, F_SETFL, O_NONBLOCK);
  Finished finished{};
  pollfd waiting[] = {{out.read, POLLIN, 0}, {err.read, POLLIN, 0}, {in.write, POLLOUT, 0}};
  while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
    if (waiting[2].fd >= 0 && input.empty()) {
      ::close(in.write);
      waiting[2].fd = -1;
    }
    ::poll(waiting, 3, -1);
    if (waiting[2].fd >= 0 && waiting[2].revents != 0) feed(in.write, input);
    if (waiting[0].fd >= 0 && waiting[0].revents != 0 && !append_some(out.read, finished.out))
      waiting[0].fd = -1;
    if (waiting[1].fd >= 0 && waiting[1].revents != 0 && !append_some(err.read, finished.err))
      waiting[1].fd = -1;
  }
  if (waiting[2].fd >= 0) ::close(in.write);
  ::close(out.read);
  ::close(err.read);
  finished.exit_code = exit_code_of(pid);
  return finished;
}

ServeProcess::ServeProcess(const std::vector<std::string>& arguments) {
  std::vector<std::string> all{"serve"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const Pipe out;
  pid_ = start(all, -1, out.write, -1);
  ::close(out.write);
  out_ = out.read;
  std::string text;
  while (!ready_ && append_some(out_, text)) {
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      const std::string line = text.substr(0, end);
      text.erase(0, end + 1);
      ready_ = line == "ready";
      const std::size_t space = line.find(' ', 10);
      if (line.starts_with("listening "))
        endpoints_.emplace(line.substr(10, space - 10), line.substr(space + 1));
    }
  }
}

ServeProcess::~ServeProcess() {
  if (pid_ > 0) {
    signal(SIGKILL);
    wait();
  }
  ::close(out_);
}

const std::string& ServeProcess::endpoint(const std::string& name) const {
  static const std::string kNone;
  const auto found = endpoints_.find(name);
  return found == endpoints_.end() ? kNone : found->second;
}

void ServeProcess::signal(int number) const { ::kill(pid_, number); }

int ServeProcess::wait() {
  const int code = exit_code_of(pid_);
  pid_ = -1;
  return code;
}

std::string http_get(const std::string& endpoint, const std::string& target) {
  const std::size_t colon = endpoint.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(colon + 1))));
  ::inet_pton(AF_INET, endpoint.substr(0, colon).c_str(), &address.sin_addr);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string text;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    const std::string request = "GET " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
    while (append_some(fd, text)) {
    }
  }
  ::close(fd);
  return text;
}

}  // namespace telepost::test
