#include "adapters/admin/channel.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/bytes.h"

namespace telepost::adapters::admin {
namespace {

Error from_errno(std::string_view doing) {
  const int number = errno;
  const std::string detail = std::string(doing) + ": " + std::strerror(number);
  switch (number) {
    case EAGAIN: return {Errc::timeout, std::string(doing) + ": nothing moved for too long"};
    case EPIPE:
    case ECONNRESET: return {Errc::cancelled, detail};
    default: return {Errc::io, detail};
  }
}

bool is_frame_kind(char kind) { return std::string_view("GQOBNWCS").find(kind) != std::string_view::npos; }

timeval to_timeval(Duration duration) {
  return {static_cast<time_t>(duration.count() / 1000),
          static_cast<suseconds_t>(duration.count() % 1000 * 1000)};
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

int Descriptor::release() {
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

void Channel::set_timeouts(Duration receive, Duration send) {
  const timeval receive_time = to_timeval(receive);
  const timeval send_time = to_timeval(send);
  ::setsockopt(fd(), SOL_SOCKET, SO_RCVTIMEO, &receive_time, sizeof(receive_time));
  ::setsockopt(fd(), SOL_SOCKET, SO_SNDTIMEO, &send_time, sizeof(send_time));
}

Result<void> Channel::send(FrameKind kind, std::string_view payload) {
  if (payload.size() > kMaxFrameBytes) return {Errc::too_large, "one object of the answer is over 16 MiB"};
  std::string frame;
  frame.reserve(payload.size() + 5);
  ByteWriter(frame)
      .u8(static_cast<std::uint8_t>(kind))
      .u32(static_cast<std::uint32_t>(payload.size()))
      .raw(payload);
  for (std::string_view rest = frame; !rest.empty();) {
    const ssize_t sent = ::send(fd(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return from_errno("sending");
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<void> Channel::fill(char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t received = ::recv(fd(), bytes, size, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return from_errno("receiving");
    if (received == 0) return {Errc::cancelled, "the other side closed the connection"};
    bytes += received;
    size -= static_cast<std::size_t>(received);
  }
  return {};
}

Result<Frame> Channel::receive(std::size_t limit) {
  char head[5];
  TELEPOST_TRY(fill(head, sizeof(head)));
  ByteReader reader(std::string_view(head, sizeof(head)));
  const char kind = static_cast<char>(reader.u8());
  const std::uint32_t size = reader.u32();
  if (!is_frame_kind(kind)) return {Errc::invalid, "what came is no frame of the admin socket"};
  if (size > limit) return {Errc::too_large, "a frame of " + std::to_string(size) + " bytes"};
  Frame frame{static_cast<FrameKind>(kind), std::string(size, '\0')};
  TELEPOST_TRY(fill(frame.payload.data(), size));
  return frame;
}

Result<SocketPath> SocketPath::of(const std::string& path) {
  SocketPath result;
  result.address_.sun_family = AF_UNIX;
  std::string short_path = path;
  if (path.size() >= sizeof(result.address_.sun_path)) {
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash);
    result.folder_ = Descriptor(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!result.folder_.valid()) {
      return {errno == ENOENT ? Errc::not_found : Errc::io, folder + ": " + std::strerror(errno)};
    }
    short_path = "/proc/self/fd/" + std::to_string(result.folder_.get()) + "/" + path.substr(slash + 1);
    if (short_path.size() >= sizeof(result.address_.sun_path)) return {Errc::invalid, path + " is too long"};
  }
  std::memcpy(result.address_.sun_path, short_path.c_str(), short_path.size() + 1);
  return result;
}

}  // namespace telepost::adapters::admin
