// No test may contact anything but loopback and what it made itself: the default outside address is replaced by none.
process.env.AGENT_POSTURE_OUTSIDE = '';
delete process.env.NO_COLOR;
delete process.env.FORCE_COLOR;
