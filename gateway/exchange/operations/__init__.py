"""What operators do and see: replay, alerts, figures, traces, backup, retention."""
