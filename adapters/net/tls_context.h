// What every TLS connection of Telepost agrees to, on either side. OpenSSL's types: only tls*.cc includes this.
#pragma once

#include "adapters/net/tls_certificate.h"

namespace telepost::adapters::net {

ContextPtr accepting_context();   // without a certificate yet
ContextPtr connecting_context();  // without authorities yet

}  // namespace telepost::adapters::net
