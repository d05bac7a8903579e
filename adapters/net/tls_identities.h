// The certificates that the accepting side shows: [[tls.certificates]], chosen by SNI, and read again on SIGHUP. Without any a
// self-made one serves, so that encryption needs no preparation; strangers can then not tell us from somebody in between.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schema/configuration.h"

struct ssl_ctx_st;

namespace telepost::adapters::net {

// Any thread.
class TlsIdentities {
 public:
  struct Options {
    schema::TlsSettings settings;
    // Of the self-made certificate: where it lies (tls.pem, mode 0600, reused), and whom it names, the first as its subject.
    std::string folder;
    std::vector<std::string> names;
  };
  // The clock must outlive it. Errors: not_found, invalid (a broken file, a key of another certificate), denied, io; each
  // names the file.
  static Result<std::unique_ptr<TlsIdentities>> open(Options options, const Clock& clock);
  ~TlsIdentities();

  // Reads every file again, and remakes a self-made certificate that is about to end. After an error the old set stays in
  // force. Connections that stand keep what they have.
  Result<void> reload();

  // Of the certificate that is shown without SNI: for the log. RFC 3339.
  std::string default_not_after() const;

 private:
  friend class TlsChannel;
  struct Set;
  TlsIdentities(Options options, const Clock& clock);
  Result<std::shared_ptr<const Set>> load() const;
  std::shared_ptr<const Set> current() const;
  // Its context, for a new connection.
  static ssl_ctx_st* context_of(const Set& set);

  const Options options_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Set> current_;  // guarded by mutex_
};

}  // namespace telepost::adapters::net
