"""Problems whose answers others have published, rebuilt as cases."""
