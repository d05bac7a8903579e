#include "store/secret_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/bytes.h"
#include "base/hmac.h"
#include "schema/configuration.h"

namespace telepost::store {
namespace {

class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

Error failure(const std::string& path) {
  const Errc kind = errno == ENOENT ? Errc::not_found : errno == EACCES ? Errc::denied : errno == EEXIST ? Errc::exists : Errc::io;
  return {kind, path + ": " + std::strerror(errno)};
}

}  // namespace

SecretKey::SecretKey(const schema::Configuration& configuration, Random& random)
    : SecretKey(configuration.secrets_key_file.empty() ? configuration.store.path + "/secrets.key" : configuration.secrets_key_file,
                configuration.secrets_key_file.empty() ? Make::if_missing : Make::never, random) {}

Result<Digest> SecretKey::key(std::string_view purpose) {
  const std::lock_guard lock(mutex_);
  if (!key_) {
    Result<Digest> loaded = load();
    if (!loaded.ok() && loaded.error().kind == Errc::not_found && make_ == Make::if_missing) loaded = make();
    if (!loaded.ok()) return std::move(loaded).error();
    key_ = *loaded;
  }
  return hmac_sha256(key_->view(), purpose);
}

Result<Digest> SecretKey::load() {
  const File file(path_, O_RDONLY);
  if (file.fd() < 0) return failure(path_);
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0) return failure(path_);
  if ((status.st_mode & 077) != 0) return {Errc::denied, path_ + ": others may use this key; chmod 600 it"};
  std::array<char, 128> text{};
  const ssize_t size = ::read(file.fd(), text.data(), text.size());
  if (size < 0) return failure(path_);
  const Result<Digest> digest = digest_from_hex(trim({text.data(), static_cast<std::size_t>(size)}));
  if (!digest.ok()) return {Errc::invalid, path_ + ": wants 64 hex digits"};
  return digest;
}

// Written beside its place and linked to it, so that no two processes ever use two keys, and none half of one.
Result<Digest> SecretKey::make() {
  const std::string beside = path_ + "." + std::to_string(::getpid());
  ::unlink(beside.c_str());
  {
    const File file(beside, O_WRONLY | O_CREAT | O_EXCL);
    const std::string text = to_hex(random_.bytes(32)) + "\n";
    const bool written = file.fd() >= 0 && ::write(file.fd(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file.fd()) == 0;
    if (!written) return failure(beside);
  }
  const bool linked = ::link(beside.c_str(), path_.c_str()) == 0 || errno == EEXIST;
  const Error why = failure(path_);
  ::unlink(beside.c_str());
  if (!linked) return why;
  const File folder(path_.substr(0, path_.find_last_of('/') + 1) + ".", O_RDONLY | O_DIRECTORY);
  if (folder.fd() < 0 || ::fsync(folder.fd()) != 0) return failure(path_);
  return load();
}

}  // namespace telepost::store
