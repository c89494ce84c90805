#pragma once
/* One datagram to the service manager, where there is one ($NOTIFY_SOCKET): "READY=1", "STOPPING=1". */
void sd_notify_send(const char *state);
