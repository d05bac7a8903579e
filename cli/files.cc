#include "cli/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "adapters/admin/exchange.h"

namespace telepost::cli {
namespace {

constexpr std::size_t kMaxSecretBytes = 1000;

std::string why(const std::string& path) { return path + ": " + std::strerror(errno); }

struct OpenFile {
  explicit OpenFile(int descriptor) : fd(descriptor) {}
  ~OpenFile() {
    if (fd > STDERR_FILENO) ::close(fd);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  const int fd;
};

// Switches the terminal's echo off while it lives.
class Silence {
 public:
  Silence() : is_terminal_(::isatty(STDIN_FILENO) && ::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!is_terminal_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    std::fputs("Password: ", stderr);
  }
  ~Silence() {
    if (!is_terminal_) return;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    std::fputs("\n", stderr);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  termios before_{};
  const bool is_terminal_;
};

Result<std::string> read_some(int fd, std::size_t size) {
  std::string bytes(size, '\0');
  ssize_t got = 0;
  do {
    got = ::read(fd, bytes.data(), size);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return {errno == EISDIR ? Errc::invalid : Errc::io, std::strerror(errno)};
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

}  // namespace

Result<std::function<Result<std::string>()>> read_pieces(const std::string& path) {
  const int fd = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {Errc::invalid, why(path)};
  auto file = std::make_shared<OpenFile>(fd);
  return std::function([file, path]() -> Result<std::string> {
    auto bytes = read_some(file->fd, adapters::admin::kContentBytes);
    if (!bytes.ok()) return {bytes.error().kind, path + ": " + bytes.error().detail};
    return bytes;
  });
}

Result<std::unique_ptr<NewFile>> NewFile::create(const std::string& path) {
  if (path.empty() || path == "-") return std::unique_ptr<NewFile>(new NewFile("stdout", "", STDOUT_FILENO));
  std::string temporary = path + ".part" + std::to_string(::getpid());
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return {Errc::invalid, why(temporary)};
  return std::unique_ptr<NewFile>(new NewFile(path, std::move(temporary), fd));
}

NewFile::~NewFile() {
  if (temporary_.empty() || fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

Result<void> NewFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return {errno == EPIPE ? Errc::cancelled : Errc::io, why(path_)};
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> NewFile::commit() {
  if (temporary_.empty()) return {};
  const bool safe = ::fsync(fd_) == 0 || errno == EINVAL;  // EINVAL: a pipe or a device
  if (::close(std::exchange(fd_, -1)) != 0 || !safe || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const Error error{Errc::io, why(path_)};
    ::unlink(temporary_.c_str());
    return error;
  }
  return {};
}

Result<std::string> read_text(const std::string& path, std::size_t limit) {
  TELEPOST_ASSIGN(const auto next, read_pieces(path));
  std::string text;
  for (;;) {
    TELEPOST_ASSIGN(const std::string piece, next());
    if (piece.empty()) return text;
    text += piece;
    if (text.size() > limit) return {Errc::too_large, path + ": larger than " + std::to_string(limit) + " bytes"};
  }
}

Result<std::string> read_secret(const std::string& path) {
  const OpenFile file(path.empty() ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0) return {Errc::invalid, why(path)};
  std::string line;
  {
    std::optional<Silence> silence;
    if (path.empty()) silence.emplace();
    while (line.size() <= kMaxSecretBytes && line.find('\n') == std::string::npos) {
      TELEPOST_ASSIGN(const std::string bytes, read_some(file.fd, kMaxSecretBytes + 1));
      if (bytes.empty()) break;
      line += bytes;
    }
  }
  line.resize(std::min(line.find('\n'), line.size()));
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) return {Errc::invalid, "no password was given"};
  if (line.size() > kMaxSecretBytes) return {Errc::invalid, "a password has at most 1,000 bytes"};
  return line;
}

}  // namespace telepost::cli
